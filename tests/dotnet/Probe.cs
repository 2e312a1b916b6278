// What tests/dotnet/dotnet_test.py lets do: Probe.exe VERB ARGUMENT…; what is seen goes out a line each, fields parted by tabs.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using MailEnhanceService;
using Microsoft.Extensions.DependencyInjection;

internal sealed class Services : List<ServiceDescriptor>, IServiceCollection
{
}

/// <summary>Of a window's thread: what is posted runs when that thread has time, which here it never has.</summary>
internal sealed class BusyWindow : SynchronizationContext
{
    public override void Post(SendOrPostCallback work, object state) => Probe.Say("posted to the caller's thread");
}

internal static class Probe
{
    private static readonly TextWriter Out = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true };

    internal static void Say(params object[] fields)
    {
        lock (Out)
            Out.WriteLine(string.Join("\t", fields.Select(field => field?.ToString())));
    }

    private static int Main(string[] args)
    {
        try
        {
            var rest = args.Skip(1).ToArray();
            switch (args[0])
            {
                case "send": Send(rest); break;
                case "cancel": Cancel(rest); break;
                case "many": Many(int.Parse(rest[0])); break;
                case "storm": Storm(int.Parse(rest[0])); break;
                case "di": Inject(rest[0]); break;
                case "window": FromAWindow(rest[0]); break;
                case "dispose": DisposeInTheMiddle(rest[0]); break;
                case "strings": Strings(); break;
                default: return 64;
            }
            return 0;
        }
        catch (MailEnhanceException failure)
        {
            Say("exception", failure.Code, failure.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            Say("cancelled");
            return 1;
        }
    }

    private static EmailAppService Open(Action<MailEnhanceOptions> change = null)
    {
        var options = MailEnhanceOptions.FromEnvironment();
        options.Company = Environment.GetEnvironmentVariable("PROBE_COMPANY");
        options.Account = Environment.GetEnvironmentVariable("PROBE_ACCOUNT");
        options.RetryServerFor = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("PROBE_RETRY") ?? "3"));
        options.WaitFor = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("PROBE_WAIT") ?? "20"));
        options.OnNotice = notice => Say("notice", notice);
        change?.Invoke(options);
        return new EmailAppService(options);
    }

    private static void Tell(MailResult result)
    {
        bool success = result;
        Say("success", success, result.JobId);
        foreach (var one in result.Recipients)
            Say("recipient", one.Address, one.Status, one.Account, one.Code, one.AttemptCount, one.Reason,
                string.Join(",", one.Attempts.Select(attempt => $"{attempt.Account} {attempt.Step} {attempt.Code}")), one.MessageId);
        foreach (var warning in result.Warnings)
            Say("warning", warning);
    }

    // send TO;TO SUBJECT TEMPLATE BODY LANGUAGE URL FILE…; @FILE as BODY is read from there.
    private static void Send(string[] args)
    {
        var template = (MailTemplateEnum)Enum.Parse(typeof(MailTemplateEnum), args[2]);
        var body = args[3].StartsWith("@") ? File.ReadAllText(args[3].Substring(1)) : args[3];
        using (var mail = Open())
            Tell(mail.RunAsync(args[0].Split(';'), args[1], template, body, args[4], args[5], args.Skip(6).ToArray()).GetAwaiter().GetResult());
    }

    // Cancels one of two calls when a line comes in; "already": before it begins.
    private static void Cancel(string[] args)
    {
        using (var stop = new CancellationTokenSource())
        using (var mail = Open())
        {
            if (args[0] == "already")
                stop.Cancel();
            var call = mail.RunAsync(args.Skip(1).ToArray(), "S", MailTemplateEnum.NO_TEMPLATE, "T", "", null, null, stop.Token);
            if (args[0] != "already")
                Console.In.ReadLine();
            stop.Cancel();
            Tell(call.GetAwaiter().GetResult());
        }
    }

    private static void Many(int count)
    {
        using (var mail = Open())
        {
            var calls = Enumerable.Range(0, count).Select(i => Task.Run(() => mail.RunAsync(
                new[] { $"to{i}@example.hk" }, $"mail {i}", MailTemplateEnum.NoTemplate, $"<p>{i}</p>", "", null))).ToArray();
            Task.WaitAll(calls);
            Say("sent", calls.Count(call => call.Result.Succeeded));
        }
    }

    // Half of the calls are cancelled at some moment or other; where the library holds on to what is managed, memory is collected
    // all the while. With HttpClient that made the program stand still now and then under Mono 6.8, for a reason not yet known.
    private static void Storm(int count)
    {
        var random = new Random(1);
        var stops = Enumerable.Range(0, count).Select(i => new CancellationTokenSource()).ToArray();
        using (var mail = Open())
        {
            var calls = stops.Select((stop, i) =>
            {
                if (i % 2 == 0)
                    stop.CancelAfter(random.Next(60));
                return Task.Run(() => mail.RunAsync(new[] { $"to{i}@example.hk", $"more{i}@example.hk" }, "S", MailTemplateEnum.NoTemplate,
                                                    "T", "", null, null, stop.Token));
            }).ToArray();
            while (!calls.All(call => call.IsCompleted))
            {
                if (Environment.GetEnvironmentVariable("MAILENHANCE_URL") == null)
                    GC.Collect();
                Thread.Sleep(5);
            }
            var results = calls.Where(call => !call.IsCanceled).SelectMany(call => call.Result.Recipients).ToArray();
            Say("storm", results.Count(one => one.Status == MailStatus.Sent),
                results.Count(one => one.Status != MailStatus.Sent && one.Status != MailStatus.Cancelled),
                calls.Where((call, i) => i % 2 == 1).Count(call => call.Result.Succeeded));
        }
    }

    private static void Inject(string to)
    {
        var services = new Services();
        if (services.AddMailEnhanceService("6000014") != services || services.Count != 1)
            throw new InvalidOperationException();
        Say(services[0].ServiceType.FullName, services[0].Lifetime);
        using (var mail = (EmailAppService)services[0].ImplementationFactory(null))
            Tell(mail.RunAsync(new[] { to }, "S", MailTemplateEnum.NO_TEMPLATE, "T", "zh-HK", "", null).GetAwaiter().GetResult());
    }

    // Blocks the thread that called, as old programs do.
    private static void FromAWindow(string to)
    {
        SynchronizationContext.SetSynchronizationContext(new BusyWindow());
        using (var mail = Open())
            Tell(mail.RunAsync(new[] { to }, "S", MailTemplateEnum.NO_TEMPLATE, "T", "", null).GetAwaiter().GetResult());
    }

    private static void DisposeInTheMiddle(string to)
    {
        var mail = Open();
        var call = mail.RunAsync(new[] { to }, "S", MailTemplateEnum.NO_TEMPLATE, "T", "", null);
        Console.In.ReadLine();
        mail.Dispose();
        mail.Dispose();
        Tell(call.GetAwaiter().GetResult());
        try
        {
            mail.RunAsync(new[] { to }, "S", MailTemplateEnum.NO_TEMPLATE, "T", "", null).Wait();
        }
        catch (AggregateException late)
        {
            Say(late.InnerException.GetType().Name);
        }
    }

    // What a command line cannot hold.
    private static void Strings()
    {
        using (var mail = Open())
        {
            Tell(mail.RunAsync(new[] { "a@example.hk\0@evil.test", "b\ud800@example.hk", null, "wong@example.hk" }, "S",
                               MailTemplateEnum.NO_TEMPLATE, "T", "", null).GetAwaiter().GetResult());
            foreach (var subject in new[] { "S\r\nBcc: evil@example.hk", "S\0" })
            {
                try
                {
                    mail.RunAsync(new[] { "wong@example.hk" }, subject, MailTemplateEnum.NO_TEMPLATE, "T", "", null).Wait();
                }
                catch (AggregateException refused)
                {
                    Say("refused", ((MailEnhanceException)refused.InnerException).Code);
                }
            }
        }
    }
}
