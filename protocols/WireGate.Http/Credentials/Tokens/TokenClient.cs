using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Streams;
using WireGate.Core.Transport.Tls;
using WireGate.Http.Http1;

namespace WireGate.Http.Credentials.Tokens;

/// <summary>
/// Asks somebody for a token: one request on a connection of its own, to that address and no other, whatever is answered. No proxy, no
/// redirect, nothing kept; what is asked and answered is in memory that is erased. For any thread.
/// </summary>
/// <param name="endpoint">Who is asked.</param>
/// <param name="time">The clock.</param>
internal sealed class TokenClient(HttpEndpoint endpoint, TimeProvider time)
{
    /// <summary>Bytes of an answer's body: a token, and what GitHub says of the repositories that it is good for.</summary>
    public const int MostAnswer = 256 * 1024;

    /// <summary>For name, handshake, request and answer together.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    // 100, 102 and 103 are all that there are.
    private const int MostInterim = 16;

    private readonly PoolLoop _loop = new();
    private UpstreamTls? _tls;

    /// <summary>Asks by POST.</summary>
    /// <param name="path">Of the endpoint, or below it.</param>
    /// <param name="fields">Field lines, each with its line end; borrowed.</param>
    /// <param name="body">The body; borrowed.</param>
    /// <param name="cancellationToken">Nobody waits for it any longer.</param>
    /// <returns>Owned by the caller.</returns>
    /// <exception cref="SecretUnavailableException">There is no answer; says why.</exception>
    public async ValueTask<TokenAnswer> PostAsync(string path, ReadOnlyMemory<byte> fields, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await using Connection plain = await _loop.ConnectAsync(endpoint.Address.ToEndPoint(), either.Token);
            await using CancellationTokenRegistration cut = either.Token.UnsafeRegister(static c => ((Connection)c!).Abort(), plain);
            if (endpoint.Tls.Mode == TlsMode.Disable)
            {
                return await ExchangeAsync(plain, path, fields, body, either.Token);
            }

            _tls ??= new UpstreamTls(endpoint.Tls, HttpProtocol.Http11);
            await using Connection connection = await TlsConnection.ConnectAsync(plain, _tls.OptionsFor(endpoint.Address.Host!), either.Token);
            return await ExchangeAsync(connection, path, fields, body, either.Token);
        }
        catch (Exception e) when (e is IOException or ProtocolException or ObjectDisposedException or OperationCanceledException or CryptographicException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new SecretUnavailableException($"{endpoint}: {(deadline.IsCancellationRequested ? "no answer in time" : e.Message)}", e);
        }
    }

    private async ValueTask<TokenAnswer> ExchangeAsync(
        Connection connection, string path, ReadOnlyMemory<byte> fields, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        PipeWriter output = connection.Output;
        output.Write(Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: {endpoint.Authority}\r\nUser-Agent: WireGate\r\nAccept-Encoding: identity\r\nConnection: close\r\n"
            + $"Content-Length: {body.Length}\r\n"));
        output.Write(fields.Span);
        output.Write("\r\n"u8);
        output.Write(body.Span);
        await output.FlushAsync(cancellationToken);

        using var head = new ResponseHead();
        for (int interim = 0; ; interim++)
        {
            await ReadHeadAsync(connection.Input, head, cancellationToken);
            if (!head.IsInterim)
            {
                break;
            }

            if (interim == MostInterim)
            {
                throw new ProtocolException(Peer.Upstream, $"more than {MostInterim} interim answers");
            }

            head.Clear();
        }

        head.TryGet(FieldName.ContentType, out ReadOnlySpan<byte> type);
        head.TryGet(FieldName.ContentEncoding, out ReadOnlySpan<byte> coding);
        bool isJson = ContentTypes.IsJson(ContentTypes.TypeOf(type)) && (coding.IsEmpty || Ascii.EqualsIgnoreCase(coding, "identity"u8));
        var answer = new TokenAnswer(endpoint, head.Code, isJson);
        try
        {
            await ReadBodyAsync(connection, head.Body, answer.Body, cancellationToken);
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private static async ValueTask ReadHeadAsync(PipeReader input, ResponseHead head, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync(cancellationToken);
            bool isHead = head.TryRead(read.Buffer, out SequencePosition consumed);
            input.AdvanceTo(consumed, isHead ? consumed : read.Buffer.End);
            if (isHead)
            {
                return;
            }

            if (read.IsCompleted)
            {
                throw new ProtocolException(Peer.Upstream, "closed before it answered");
            }
        }
    }

    private static async ValueTask ReadBodyAsync(Connection connection, BodyLength body, SecretBuffer into, CancellationToken cancellationToken)
    {
        PipeReader input = connection.Input;
        var scan = new BodyScan(Peer.Upstream, body);
        while (!scan.IsDone)
        {
            ReadResult read = await input.ReadAsync(cancellationToken);
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                for (int at = 0; at < segment.Length && !scan.IsDone;)
                {
                    at += scan.Read(segment.Span[at..], out int count);
                    if (count > MostAnswer - into.Length)
                    {
                        throw new ProtocolException(Peer.Upstream, $"an answer of more than {MostAnswer} bytes");
                    }

                    into.Write(segment.Span.Slice(at - count, count));
                }
            }

            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted && !scan.IsDone)
            {
                if (!scan.IsUntilClose || connection.IsCut)
                {
                    throw new ProtocolException(Peer.Upstream, "closed within its answer");
                }

                return;
            }
        }
    }
}
