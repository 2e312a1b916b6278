using System;
using System.Globalization;
using System.IO;

namespace MailEnhanceService
{
    /// <summary>The language of errors and advice.</summary>
    public enum MailLanguage { English, TraditionalChinese, SimplifiedChinese }

    /// <summary>How mail leaves: with <see cref="Server"/> through the service, else through the library in this process.</summary>
    public sealed class MailEnhanceOptions
    {
        /// <summary>What the environment says: MAILENHANCE_URL and MAILENHANCE_KEY, as for the command line, and
        /// MAILENHANCE_CONFIG.</summary>
        public static MailEnhanceOptions FromEnvironment()
        {
            return new MailEnhanceOptions
            {
                Server = Variable("MAILENHANCE_URL") is string url ? new Uri(url) : null,
                Key = Variable("MAILENHANCE_KEY"),
                ConfigFile = Variable("MAILENHANCE_CONFIG")
            };
        }

        /// <summary>The company (mainComId) whose accounts send; null or "": the general list.</summary>
        public string Company { get; set; }
        /// <summary>Null: that of the thread that makes the service.</summary>
        public MailLanguage Language { get; set; } = LanguageOf(CultureInfo.CurrentUICulture);

        /// <summary>The service, http://127.0.0.1:8025; null: no service.</summary>
        public Uri Server { get; set; }
        /// <summary>Its API key, with the scopes send and read.</summary>
        public string Key { get; set; }
        /// <summary>How long a call waits for the service's job to end before it answers "queued". Zero: not at all.</summary>
        public TimeSpan WaitFor { get; set; } = TimeSpan.FromSeconds(60);
        /// <summary>How long a service that is busy or not there is asked again.</summary>
        public TimeSpan RetryServerFor { get; set; } = TimeSpan.FromSeconds(60);
        /// <summary>For one request.</summary>
        public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(100);

        /// <summary>The account file; null: AppSetting.json or appsettings.json beside the program.</summary>
        public string ConfigFile { get; set; }
        /// <summary>Null: MailTemplate beside the account file, where there is one.</summary>
        public string TemplateFolder { get; set; }
        /// <summary>The only account that may send; null: the list in its order.</summary>
        public string Account { get; set; }
        /// <summary>Paced, and never through accounts that are kept for transactional mail.</summary>
        public bool Bulk { get; set; }
        /// <summary>How long the library tries deferred ones again. Zero: one pass over the accounts.</summary>
        public TimeSpan RetryFor { get; set; }
        /// <summary>Warnings about the account file; may be null.</summary>
        public Action<string> OnNotice { get; set; }

        internal string FindConfigFile()
        {
            if (!string.IsNullOrEmpty(ConfigFile))
                return ConfigFile;
            foreach (var name in new[] { "AppSetting.json", "appsettings.json" })
                if (File.Exists(Path.Combine(AppContext.BaseDirectory, name)))
                    return Path.Combine(AppContext.BaseDirectory, name);
            throw new MailEnhanceException("CONFIG", $"There is neither AppSetting.json nor appsettings.json in {AppContext.BaseDirectory}. "
                + "Name the account file by MailEnhanceOptions.ConfigFile or MAILENHANCE_CONFIG, or a service by MAILENHANCE_URL.");
        }

        internal string FindTemplateFolder()
        {
            if (!string.IsNullOrEmpty(TemplateFolder))
                return TemplateFolder;
            var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(FindConfigFile())), "MailTemplate");
            return Directory.Exists(beside) ? beside : null;
        }

        internal MailEnhanceOptions Copy() => (MailEnhanceOptions)MemberwiseClone();

        private static string Variable(string name)
        {
            var value = Environment.GetEnvironmentVariable(name);
            return string.IsNullOrEmpty(value) ? null : value;
        }

        private static MailLanguage LanguageOf(CultureInfo culture)
        {
            if (culture.TwoLetterISOLanguageName != "zh")
                return MailLanguage.English;
            var name = culture.Name;
            var isTraditional = name.Contains("Hant") || name.EndsWith("-HK") || name.EndsWith("-TW") || name.EndsWith("-MO");
            return isTraditional ? MailLanguage.TraditionalChinese : MailLanguage.SimplifiedChinese;
        }
    }
}
