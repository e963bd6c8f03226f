using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;

namespace WireGate.Core.Transport.Tls;

/// <summary>The listeners' certificates, loaded once for each config.</summary>
/// <param name="applicationProtocols">What is spoken over them: registered ALPN names, the best first.</param>
public sealed class ListenerTls(params IEnumerable<string> applicationProtocols)
{
    private readonly ConditionalWeakTable<ServerTlsConfig, ServerTls> _loaded = [];

    /// <summary>Null: the listener offers no TLS.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The files cannot be read as what they should be.</exception>
    public ServerTls? Of(ListenerConfig listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        return listener.Tls is { } config ? _loaded.GetValue(config, c => new ServerTls(c, applicationProtocols)) : null;
    }
}
