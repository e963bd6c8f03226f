using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Sessions;

namespace WireGate.Http;

/// <summary>What a client is answered whose session has ended before any of its requests was served.</summary>
internal static class LastAnswer
{
    // What a client that was refused still sends is read so far, so that it reads the answer: a reset would take that from it.
    private const int MostLingering = 64 * 1024;
    private static readonly TimeSpan LongestLingering = TimeSpan.FromSeconds(2);

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

        session.SetDeadline(LongestLingering);
        await session.Client.FinishAsync();
        for (long read = 0; read < MostLingering;)
        {
            ReadResult result = await session.Client.Input.ReadAsync(CancellationToken.None);
            read += result.Buffer.Length;
            session.Client.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                break;
            }
        }
    }
}
