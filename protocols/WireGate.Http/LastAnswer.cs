using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Sessions;

namespace WireGate.Http;

/// <summary>What a client is answered whose session has ended before any of its requests was served.</summary>
internal static class LastAnswer
{
    // Whoever has proven nothing keeps the gateway reading for less than others do: who sends more than that may lose the answer.
    private const int Most = 64 * 1024;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>Sends it, says that nothing more comes, and reads on for a moment. On the loop.</summary>
    /// <param name="session">Has ended: its deadline cuts the connection.</param>
    /// <param name="answer">All of it.</param>
    /// <param name="isHead">HEAD was asked for, which is answered without a body.</param>
    /// <param name="now">The moment.</param>
    public static async ValueTask SendAsync(Session session, Answer answer, bool isHead, DateTimeOffset now)
    {
        PipeWriter output = session.Client.Output;
        answer.WriteHead(output, isLast: true, now);
        if (!isHead)
        {
            output.Write(answer.Body.Span);
        }

        if ((await output.FlushAsync(CancellationToken.None)).IsCompleted)
        {
            return;
        }

        session.SetDeadline(Longest);
        await session.Client.FinishAsync();
        await Lingering.ReadOnAsync(session.Client.Input, Most);
    }
}
