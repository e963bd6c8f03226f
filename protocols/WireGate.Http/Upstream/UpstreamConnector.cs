using System.Net.Security;
using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Tls;
using WireGate.Http.Credentials;

namespace WireGate.Http.Upstream;

/// <summary>Opens connections to a target's addresses, in clear or in TLS as the target demands and never less.</summary>
/// <param name="certificates">What logins show there.</param>
internal sealed class UpstreamConnector(LoginCertificates certificates)
{
    // Weak, so that the certificates of a config that was replaced go with it.
    private readonly ConditionalWeakTable<ClientTlsConfig, UpstreamTls> _tls = [];
    private readonly ConditionalWeakTable<ClientTlsConfig, UpstreamTls> _tlsOfHttp11 = [];

    /// <summary>What logins show.</summary>
    public LoginCertificates Certificates => certificates;

    /// <summary>Connects to the first address that answers. On the loop.</summary>
    /// <param name="loop">Where the connection lives.</param>
    /// <param name="key">What is reached, and as whom.</param>
    /// <param name="offersHttp2">Either may be spoken, and the upstream's TLS says which; else HTTP/1.1.</param>
    /// <param name="time">The clock.</param>
    /// <param name="within">For all addresses together.</param>
    /// <param name="cancellationToken">Nobody waits for it any longer.</param>
    /// <returns>The connection, and which certificate of the login was shown on it; null: none.</returns>
    /// <exception cref="IOException">None of them can be reached in time.</exception>
    /// <exception cref="ProtocolException">One does not speak TLS, or is not who it should be.</exception>
    /// <exception cref="SecretUnavailableException">The login's certificate cannot be had.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<(Connection Connection, SslStreamCertificateContext? Shown)> ConnectAsync(
        EventLoop loop, UpstreamKey key, bool offersHttp2, TimeProvider time, TimeSpan within, CancellationToken cancellationToken)
    {
        TargetConfig target = key.Target;
        SslStreamCertificateContext? shown = await certificates.OfAsync(key.Login.Http, cancellationToken);
        await loop.Switch();
        long start = time.GetTimestamp();
        string? last = null;
        for (int i = 0; i < target.Addresses.Length; i++)
        {
            Address address = target.Addresses[i];

            // An address that swallows everything must leave the others their share of the time.
            TimeSpan left = (within - time.GetElapsedTime(start)) / (target.Addresses.Length - i);
            using var turn = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(turn.Token, cancellationToken);
            try
            {
                return (await ConnectAsync(loop, target, address, offersHttp2, shown, either.Token), shown);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException
                || (e is ProtocolException && turn.IsCancellationRequested))
            {
                await loop.Switch();
                cancellationToken.ThrowIfCancellationRequested();
                last = $"{address}: {(turn.IsCancellationRequested ? "no answer in time" : e.Message)}";
            }
        }

        throw new IOException(last);
    }

    private async ValueTask<Connection> ConnectAsync(
        EventLoop loop, TargetConfig target, Address address, bool offersHttp2, SslStreamCertificateContext? shown, CancellationToken turn)
    {
        Connection connection = await loop.ConnectAsync(address.ToEndPoint(), turn);
        if (target.Tls.Mode == TlsMode.Disable)
        {
            return connection;
        }

        await using CancellationTokenRegistration registration = turn.UnsafeRegister(static c => ((Connection)c!).Abort(), connection);
        try
        {
            UpstreamTls tls = offersHttp2
                ? _tls.GetValue(target.Tls, static config => new UpstreamTls(config, HttpProtocol.Http2, HttpProtocol.Http11))
                : _tlsOfHttp11.GetValue(target.Tls, static config => new UpstreamTls(config, HttpProtocol.Http11));
            return await TlsConnection.ConnectAsync(connection, tls.OptionsFor(address.Host ?? "localhost", shown), turn);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
