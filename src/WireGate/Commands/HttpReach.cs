using System.Security.Authentication;
using System.Security.Cryptography;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Tls;

namespace WireGate.Commands;

/// <summary>
/// Whether a target of HTTP is there, and is who it should be. Its credential is shown to nobody: no request is known that every upstream
/// answers and that does nothing there.
/// </summary>
internal static class HttpReach
{
    // RFC 7301, RFC 9113: registered for HTTP/1.1 and HTTP/2.
    private static readonly string[] Http11 = ["http/1.1"];
    private static readonly string[] Any = ["h2", "http/1.1"];

    /// <summary>Tries one address.</summary>
    /// <param name="loop">Moves the bytes.</param>
    /// <param name="target">Whose TLS is demanded.</param>
    /// <param name="address">One of the target's.</param>
    /// <param name="cancellationToken">The caller's deadline.</param>
    /// <returns>Null: it is there. Else why not.</returns>
    public static async ValueTask<string?> RunAsync(EventLoop loop, TargetConfig target, Address address, CancellationToken cancellationToken)
    {
        try
        {
            await using Connection connection = await loop.ConnectAsync(address.ToEndPoint(), cancellationToken);
            await using CancellationTokenRegistration deadline =
                cancellationToken.UnsafeRegister(static c => ((Connection)c!).Abort(), connection);
            if (target.Tls.Mode != TlsMode.Disable)
            {
                var tls = new UpstreamTls(target.Tls, target.Http2 == TargetHttp2.Off ? Http11 : Any);
                await (await TlsConnection.ConnectAsync(connection, tls.OptionsFor(address.Host!), cancellationToken)).DisposeAsync();
            }

            return null;
        }
        catch (Exception e) when (e is IOException or ProtocolException or AuthenticationException or CryptographicException)
        {
            return e.Message;
        }
        catch (OperationCanceledException)
        {
            return "no answer in time";
        }
    }
}
