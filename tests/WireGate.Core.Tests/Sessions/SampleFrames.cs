using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using WireGate.Core.Framing;

namespace WireGate.Core.Tests.Sessions;

/// <summary>A protocol of our own: a byte for the kind, four for the length of the whole frame.</summary>
internal readonly struct SampleFramer : IFramer
{
    public static int HeaderLength => 5;

    public FrameHeader ReadHeader(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] == (byte)'!')
        {
            ProtocolException.Throw(Peer.Client, "never valid");
        }

        return new FrameHeader(bytes[0], BinaryPrimitives.ReadInt32BigEndian(bytes[1..]));
    }

    public static byte[] Frame(char kind, int body) => Frame(kind, Enumerable.Range(0, body).Select(i => (byte)i).ToArray());

    public static byte[] Frame(char kind, ReadOnlySpan<byte> body)
    {
        var frame = new byte[HeaderLength + body.Length];
        frame[0] = (byte)kind;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length);
        body.CopyTo(frame.AsSpan(HeaderLength));
        return frame;
    }
}

/// <summary>
/// f is forwarded, d dropped, i inspected and replaced by R and its body, e inspected and answered with nothing, l looked at and forwarded,
/// n looked at and dropped, b forwarded behind a B of our own; others: the default.
/// </summary>
internal sealed class SampleHandler : IFrameHandler
{
    public List<FrameHeader> Headers { get; } = [];

    public List<byte[]> Inspected { get; } = [];

    public FrameAction OnHeader(FrameHeader header)
    {
        Headers.Add(header);
        return (char)header.Kind switch
        {
            'f' => FrameAction.Forward,
            'd' => FrameAction.Drop,
            'i' or 'e' or 'l' or 'n' or 'b' => FrameAction.Inspect,
            _ => default,
        };
    }

    public FrameAction OnFrame(in Frame frame)
    {
        Inspected.Add(frame.Bytes.ToArray());
        return (char)frame.Header.Kind switch
        {
            'l' => FrameAction.Forward,
            'n' => FrameAction.Drop,
            _ => FrameAction.Inspect,
        };
    }

    public Func<ValueTask<bool>>? Sending { get; set; }

    public ValueTask<bool> OnSendingAsync() => Sending?.Invoke() ?? ValueTask.FromResult(true);

    public ValueTask<FrameAction> OnFrameAsync(Frame frame, PipeWriter output)
    {
        byte[] bytes = frame.Bytes.ToArray();
        if (frame.Header.Kind == 'b')
        {
            output.Write("B"u8);
            return ValueTask.FromResult(FrameAction.Forward);
        }

        if (frame.Header.Kind == 'i')
        {
            bytes[0] = (byte)'R';
            output.Write(bytes);
        }

        return ValueTask.FromResult(FrameAction.Drop);
    }
}
