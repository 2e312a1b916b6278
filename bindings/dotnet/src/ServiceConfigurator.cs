#if MAILENHANCE_DI
using System;
using Microsoft.Extensions.DependencyInjection;

namespace MailEnhanceService
{
    /// <summary>For programs with dependency injection; needs Microsoft.Extensions.DependencyInjection.Abstractions.</summary>
    public static class ServiceConfigurator
    {
        /// <summary>Adds the one <see cref="EmailAppService"/> of the program, set up as the environment says. It is made when it is
        /// first asked for.</summary>
        public static IServiceCollection AddMailEnhanceService(this IServiceCollection services, string mainComId)
        {
            return services.AddMailEnhanceService(mainComId, null);
        }

        /// <param name="configure">Changes what the environment says.</param>
        public static IServiceCollection AddMailEnhanceService(this IServiceCollection services, string mainComId,
                                                               Action<MailEnhanceOptions> configure)
        {
            services.Add(new ServiceDescriptor(typeof(EmailAppService), _ => Make(mainComId, configure), ServiceLifetime.Singleton));
            return services;
        }

        private static EmailAppService Make(string mainComId, Action<MailEnhanceOptions> configure)
        {
            var options = MailEnhanceOptions.FromEnvironment();
            options.Company = mainComId;
            configure?.Invoke(options);
            return new EmailAppService(options);
        }
    }
}
#endif
