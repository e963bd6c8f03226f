using System.IO.Pipelines;

namespace WireGate.Http;

/// <summary>
/// What a client still sends behind its last answer is read for nothing, for a moment, so that it reads the answer: a reset would take that from it.
/// </summary>
internal static class Lingering
{
    // Kernels hold up to ten MiB between the two; nginx reads on for as long.
    private const int Most = 16 * 1024 * 1024;

    /// <summary>How long whoever reads on does so.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromSeconds(5);

    /// <summary>Reads on until the client has finished, or has sent too much.</summary>
    public static async ValueTask ReadOnAsync(PipeReader input)
    {
        for (long read = 0; read < Most;)
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
