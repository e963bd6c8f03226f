using System.Buffers;
using System.IO.Pipelines;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Tls;

namespace WireGate.Commands;

/// <summary>
/// Whether a target of HTTP is there, is who it should be, and speaks HTTP. Its credential is shown to nobody: it is asked about itself, OPTIONS *,
/// which does nothing anywhere. Whatever it answers in HTTP will do, and so does silence: not every upstream answers that.
/// </summary>
internal static class HttpReach
{
    // RFC 7301, RFC 9113: registered for HTTP/1.1 and HTTP/2.
    private static readonly string[] Http11 = ["http/1.1"];
    private static readonly string[] Any = ["h2", "http/1.1"];

    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(2);

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
                await using TlsConnection secured = await TlsConnection.ConnectAsync(connection, tls.OptionsFor(address.Host!), cancellationToken);
                return secured.Tls.ApplicationProtocol == Any[0] ? null : await AskAsync(secured, address, false);
            }

            return await AskAsync(connection, address, target.Http2 == TargetHttp2.Clear);
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

    /// <returns>Null: it answers in HTTP, or not at all.</returns>
    private static async ValueTask<string?> AskAsync(Connection connection, Address address, bool isHttp2)
    {
        // RFC 9113: the preface, and SETTINGS without any, as it has to answer: Length (24), Type (8) 4, Flags (8), Stream Identifier (32).
        string asked = isHttp2 ? "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0" : $"OPTIONS * HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n";
        int least = isHttp2 ? 4 : "HTTP/1.".Length;
        using var silent = new CancellationTokenSource(LongestSilence);
        await using CancellationTokenRegistration end = silent.Token.UnsafeRegister(static c => ((Connection)c!).Abort(), connection);
        try
        {
            await connection.Output.WriteAsync(Encoding.ASCII.GetBytes(asked), CancellationToken.None);
            ReadResult read = await connection.Input.ReadAtLeastAsync(least, CancellationToken.None);
            byte[] begin = read.Buffer.Slice(0, Math.Min(least, read.Buffer.Length)).ToArray();
            connection.Input.AdvanceTo(read.Buffer.End);
            bool isHttp = isHttp2 ? begin is [_, _, _, 4] : begin.AsSpan().SequenceEqual("HTTP/1."u8);
            return begin.Length == 0 || isHttp ? null : $"it answers, and not in {(isHttp2 ? "HTTP/2" : "HTTP")}";
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return null;
        }
    }
}
