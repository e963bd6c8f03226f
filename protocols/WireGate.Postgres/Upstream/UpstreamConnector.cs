using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Tls;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Upstream;

/// <summary>Opens connections to a target's addresses, in clear or in TLS as the target demands and never less.</summary>
internal sealed class UpstreamConnector
{
    // Weak, so that the certificates of a config that was replaced go with it.
    private readonly ConditionalWeakTable<ClientTlsConfig, UpstreamTls> _tls = [];

    /// <summary>Connects to one address.</summary>
    /// <returns>A connection over which a startup packet may be sent; owned by the caller.</returns>
    /// <exception cref="IOException">It cannot be reached.</exception>
    /// <exception cref="ProtocolException">It does not speak TLS, or is not who it should be.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public async ValueTask<Connection> ConnectAsync(
        EventLoop loop, TargetConfig target, Address address, CancellationToken cancellationToken)
    {
        Connection connection = await loop.ConnectAsync(address.ToEndPoint(), cancellationToken);
        if (target.Tls.Mode == TlsMode.Disable)
        {
            return connection;
        }

        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static c => ((Connection)c!).Abort(), connection);
        try
        {
            await AskForTlsAsync(connection);
            UpstreamTls tls = _tls.GetValue(target.Tls, static config => new UpstreamTls(config, Startup.ClientOpening.ApplicationProtocol));
            return await TlsConnection.ConnectAsync(connection, tls.OptionsFor(address.Host ?? "localhost"), cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async ValueTask AskForTlsAsync(Connection connection)
    {
        connection.Output.WriteSslRequest();
        await connection.Output.FlushAsync(CancellationToken.None);
        ReadResult result = await connection.Input.ReadAsync(CancellationToken.None);
        long length = result.Buffer.Length;
        byte answer = length > 0 ? result.Buffer.FirstSpan[0] : (byte)0;
        connection.Input.AdvanceTo(result.Buffer.GetPosition(Math.Min(1, length)));
        if (length == 0)
        {
            throw new IOException("closed before its answer to SSLRequest");
        }

        // Whatever else there is was sent before the handshake, by whoever: it is not carried into TLS (CVE-2021-23222).
        if (answer != (byte)'S' || length > 1)
        {
            ProtocolException.Throw(
                Peer.Upstream, length > 1 ? "bytes behind the answer to SSLRequest" : "no TLS, which the target demands");
        }
    }
}
