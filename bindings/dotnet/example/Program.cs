// Sends the registration mail to an address, and each file after it, and prints what became of it.
//
//   MAILENHANCE_CONFIG=AppSetting.json mono Example.exe wong@example.hk           through the library
//   MAILENHANCE_URL=http://127.0.0.1:8025 MAILENHANCE_KEY=$(cat data/key) mono Example.exe wong@example.hk    through the service
using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using MailEnhanceService;

internal static class Program
{
    private static int Main(string[] args)
    {
        if (args.Length == 0)
            return 64;
        try
        {
            return Send(args[0], args.Skip(1).ToArray()).GetAwaiter().GetResult() ? 0 : 1;
        }
        catch (MailEnhanceException nothingSent)
        {
            Console.Error.WriteLine($"{nothingSent.Code}: {nothingSent.Message}");
            return 1;
        }
    }

    private static async Task<bool> Send(string to, string[] files)
    {
        using (var stop = new CancellationTokenSource())
        using (var mail = EmailAppService.StartUpEmailAppService(mainComId: null))
        {
            Console.CancelKeyPress += (_, key) => { key.Cancel = true; stop.Cancel(); };
            MailResult result = await mail.RunAsync(new[] { to }, "歡迎", MailTemplateEnum.REGISTER, body: "", languageCode: "zh-HK",
                                                    callbackUrl: "https://example.hk/confirm?id=7", files: files,
                                                    cancellation: stop.Token);
            foreach (var one in result.Recipients)
                Console.WriteLine(one);
            return result;
        }
    }
}
