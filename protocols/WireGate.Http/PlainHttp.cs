using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Audit;
using WireGate.Core.Sessions;
using WireGate.Http.Http1;

namespace WireGate.Http;

/// <summary>
/// Clients that speak HTTP in clear where the listener speaks TLS. They are told so in clear, as nginx tells them, and nothing of what they ask is looked at:
/// what they sent has crossed the network for all to read.
/// </summary>
internal static class PlainHttp
{
    // The longest that is registered, UPDATEREDIRECTREF, has 17.
    private const int LongestMethod = 32;

    /// <summary>Looks at the first bytes of a client, which stay where they are, and answers one that speaks HTTP. On the loop.</summary>
    /// <returns>False: it may speak TLS, or whatever else.</returns>
    /// <exception cref="AuditFailedException">It could not be written down.</exception>
    public static async ValueTask<bool> TryRefuseAsync(Session session, IAuditLog audit, TimeProvider time)
    {
        PipeReader input = session.Client.Input;
        while (true)
        {
            ReadResult read = await input.ReadAsync(CancellationToken.None);
            bool isKnown = TryJudge(read.Buffer, out bool isHttp, out bool isHead) || read.IsCompleted;
            input.AdvanceTo(read.Buffer.Start, isKnown ? read.Buffer.Start : read.Buffer.End);
            if (isHttp)
            {
                await RefuseAsync(session, audit, isHead, time.GetUtcNow());
            }

            if (isKnown)
            {
                return isHttp;
            }
        }
    }

    // A method and a space: "PRI * HTTP/2.0" begins so, too. No record of TLS does.
    private static bool TryJudge(in ReadOnlySequence<byte> buffer, out bool isHttp, out bool isHead)
    {
        Span<byte> begin = stackalloc byte[LongestMethod + 1];
        begin = begin[..(int)Math.Min(buffer.Length, begin.Length)];
        buffer.Slice(0, begin.Length).CopyTo(begin);
        int length = begin.IndexOfAnyExcept(Grammar.Token);
        isHttp = length > 0 && begin[length] == ' ';
        isHead = isHttp && begin[..length].SequenceEqual("HEAD"u8);
        return length >= 0 || begin.Length > LongestMethod;
    }

    private static async ValueTask RefuseAsync(Session session, IAuditLog audit, bool isHead, DateTimeOffset now)
    {
        var refusal = new Refusal(
            SessionEnd.ClientBrokeProtocol, "this port speaks TLS: use https://", "it speaks HTTP in clear, and the listener TLS: is it https://?");
        if (session.TryRefuse(refusal, audit))
        {
            await LastAnswer.SendAsync(session, Refusals.Of(400, refusal.Message, refusal.Reference), isHead, now);
        }
    }
}
