using System.Buffers;
using System.IO.Compression;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Streams;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Holding;
using WireGate.Http.Http1;

namespace WireGate.Http.Tests.Credentials.Bodies;

/// <summary>Bodies that stand for something else, and what passes of them.</summary>
internal static class CodedBodies
{
    public static Identity Alice { get; } = new() { Issuer = "a", Subject = "alice" };

    public static string Coded(string coding) => $"Content-Encoding: {coding.Split(' ')[^1]}\r\n";

    public static DecodedGuard? Guard(string fields, EventLoop loop, HeldInProcess? held = null, RequestCodings accepted = RequestCodings.Known, Func<bool>? isGone = null)
    {
        using var head = new RequestHead();
        head.TryRead(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")), out _);
        return DecodedGuard.Of(head, loop, held ?? new HeldInProcess(), Alice, accepted, isGone ?? (() => false));
    }

    public static async Task<(byte[] Passed, string? Problem)> PassAsync(string fields, byte[] body, int size, RequestCodings accepted = RequestCodings.Known)
    {
        EventLoop loop = new PoolLoop();
        using DecodedGuard guard = Guard(fields, loop, accepted: accepted)!;
        using var passed = new MemoryStream();
        for (int at = 0; at < body.Length; at += size)
        {
            if (await guard.TakeAsync(body.AsMemory(at, Math.Min(size, body.Length - at))) is not { } some)
            {
                return (passed.ToArray(), guard.Problem);
            }

            passed.Write(some.Span);
        }

        passed.Write(guard.Rest().Span);
        return (passed.ToArray(), guard.Problem);
    }

    public static byte[] Compress(string coding, byte[] text)
    {
        using var output = new MemoryStream();
        using (Stream stream = coding switch
        {
            "deflate" => new ZLibStream(output, CompressionMode.Compress, leaveOpen: true),
            "raw deflate" => new DeflateStream(output, CompressionMode.Compress, leaveOpen: true),
            "br" => new BrotliStream(output, CompressionMode.Compress, leaveOpen: true),
            _ => new GZipStream(output, CompressionMode.Compress, leaveOpen: true),
        })
        {
            stream.Write(text);
        }

        return output.ToArray();
    }

    // As far as it goes.
    public static string Decompress(string coding, byte[] body)
    {
        using var input = new MemoryStream(body);
        using Stream stream = coding switch
        {
            "deflate" => new ZLibStream(input, CompressionMode.Decompress),
            "raw deflate" => new DeflateStream(input, CompressionMode.Decompress),
            "br" => new BrotliStream(input, CompressionMode.Decompress),
            _ => new GZipStream(input, CompressionMode.Decompress),
        };
        var text = new StringBuilder();
        byte[] block = new byte[1];
        try
        {
            while (stream.Read(block) > 0)
            {
                text.Append((char)block[0]);
            }
        }
        catch (InvalidDataException)
        {
            // It is not whole.
        }

        return text.ToString();
    }
}
