using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;
using WireGate.Postgres.Startup;

namespace WireGate.Postgres;

/// <summary>The listeners' certificates, loaded once for each config.</summary>
internal sealed class ListenerTls
{
    private readonly ConditionalWeakTable<ServerTlsConfig, ServerTls> _loaded = [];

    /// <summary>Null: the listener offers no TLS.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The files cannot be read as what they should be.</exception>
    public ServerTls? Of(ListenerConfig listener) =>
        listener.Tls is { } config ? _loaded.GetValue(config, static c => new ServerTls(c)) : null;
}
