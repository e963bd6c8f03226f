using System.IO.Pipelines;

namespace WireGate.Http;

/// <summary>
/// What a client still sends behind its last answer is read for nothing, for a moment, so that it reads the answer: a reset would take that from it.
/// </summary>
internal static class Lingering
{
    /// <summary>Reads on until the client has finished, or has sent too much. How long is for the caller to say.</summary>
    /// <param name="input">From the client.</param>
    /// <param name="most">Bytes.</param>
    public static async ValueTask ReadOnAsync(PipeReader input, int most)
    {
        for (long read = 0; read < most;)
        {
            ReadResult result = await input.ReadAsync(CancellationToken.None);
            read += result.Buffer.Length;
            input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                break;
            }
        }
    }
}
