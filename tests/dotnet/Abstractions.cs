// Stands in for Microsoft.Extensions.DependencyInjection.Abstractions, which Debian does not have: the same names and
// signatures, as far as ServiceConfigurator.cs uses them.
using System;
using System.Collections.Generic;

namespace Microsoft.Extensions.DependencyInjection
{
    public enum ServiceLifetime { Singleton, Scoped, Transient }

    public class ServiceDescriptor
    {
        public ServiceDescriptor(Type serviceType, Func<IServiceProvider, object> factory, ServiceLifetime lifetime)
        {
            ServiceType = serviceType;
            ImplementationFactory = factory;
            Lifetime = lifetime;
        }

        public Type ServiceType { get; }
        public Func<IServiceProvider, object> ImplementationFactory { get; }
        public ServiceLifetime Lifetime { get; }
    }

    public interface IServiceCollection : IList<ServiceDescriptor>
    {
    }
}
