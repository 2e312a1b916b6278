// The program around a C# block of the documentation.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using MailEnhanceService;
using Microsoft.Extensions.DependencyInjection;

internal sealed class Services : List<ServiceDescriptor>, IServiceCollection
{
}

internal sealed class Logger
{
    internal void LogInformation(string text, params object[] values) => Console.WriteLine(text + string.Join(" ", values));
}

internal static class Program
{
    private static int Main(string[] args)
    {
        Directory.SetCurrentDirectory(AppDomain.CurrentDomain.BaseDirectory);
        using (var service = EmailAppService.StartUpEmailAppService(null))
            Block(args[0], args[1], "", new Services(), service, new Logger(), CancellationToken.None).GetAwaiter().GetResult();
        return 0;
    }

#pragma warning disable 1998 // a block need not wait for anything
    private static async Task Block(string config, string to, string mainComId, Services services, EmailAppService emailAppService,
                                    Logger logger, CancellationToken cancellation)
    {
        /* block */
    }
}
