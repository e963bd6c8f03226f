using System.Buffers;
using System.IO.Pipelines;
using NUnit.Framework;

namespace WireGate.Core.Tests.Transport;

/// <summary>Bytes that tell where they belong, and ways of reading them.</summary>
internal static class Bytes
{
    /// <summary>Reproducible noise: two places of it hardly look alike.</summary>
    public static byte[] Noise(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Reads exactly so many bytes, and leaves what comes behind them.</summary>
    public static async Task<byte[]> ReadAsync(PipeReader input, int count)
    {
        ReadResult result = await input.ReadAtLeastAsync(count);
        Assert.That(result.Buffer.Length, Is.GreaterThanOrEqualTo(count), "the peer closed too early");
        byte[] bytes = result.Buffer.Slice(0, count).ToArray();
        input.AdvanceTo(result.Buffer.GetPosition(count));
        return bytes;
    }

    /// <summary>Reads to the end, however it comes: a stream may throw where a reactor only completes.</summary>
    public static async Task<byte[]> ReadToEndAsync(PipeReader input)
    {
        var all = new MemoryStream();
        try
        {
            while (true)
            {
                ReadResult result = await input.ReadAsync();
                foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                {
                    all.Write(segment.Span);
                }

                input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return all.ToArray();
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return all.ToArray();
        }
    }

    /// <summary>Writes until the peer is gone, however that shows.</summary>
    public static async Task WriteUntilGoneAsync(PipeWriter output)
    {
        byte[] chunk = new byte[100_000];
        try
        {
            while (!(await output.WriteAsync(chunk)).IsCompleted)
            {
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The way of streams.
        }
    }
}
