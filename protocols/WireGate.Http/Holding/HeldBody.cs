using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Http.Http1;

namespace WireGate.Http.Holding;

/// <summary>How collecting a body ended.</summary>
internal enum HeldBodyEnd
{
    /// <summary>All of it is held. Not the default: what did not end is not whole.</summary>
    Complete = 1,

    /// <summary>It is longer than what is held of one.</summary>
    TooLong,

    /// <summary>The process, or the identity in it, holds too much already.</summary>
    NoRoom,

    /// <summary>The client closed before its end.</summary>
    SourceClosed,
}

/// <summary>
/// The whole body of a request that waits for people, without its chunks: what they are asked about is what is sent. Room for it is taken as it
/// comes, since a length is only a promise, and given back when it is disposed of.
/// </summary>
/// <param name="process">What all of them hold.</param>
/// <param name="identity">Whose it is.</param>
/// <param name="most">Bytes of it that are held.</param>
internal sealed class HeldBody(HeldInProcess process, Identity identity, int most) : IDisposable
{
    /// <summary>Of what is longer nobody can tell what it does.</summary>
    public const int Most = 1024 * 1024;

    private const int First = 4 * 1024;

    private byte[] _bytes = [];
    private int _length;

    /// <summary>All of it; valid until it is disposed of.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <summary>It, from its beginning.</summary>
    public BodySource Source => new(PipeReader.Create(new ReadOnlySequence<byte>(Bytes)), _length == 0 ? default : new BodyLength(BodyKind.Counted, _length));

    /// <summary>Collects it.</summary>
    /// <param name="source">Where it is.</param>
    /// <exception cref="ProtocolException">Its chunks can never be valid.</exception>
    /// <exception cref="IOException">The client was lost.</exception>
    public async ValueTask<HeldBodyEnd> CollectAsync(BodySource source)
    {
        PipeReader input = source.Input;
        var scan = new BodyScan(Peer.Client, source.Length);
        bool isDone = scan.IsDone;
        while (!isDone)
        {
            ReadResult read = await input.ReadAsync(CancellationToken.None);
            long consumed = 0;
            HeldBodyEnd? problem = null;
            try
            {
                foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                {
                    for (int at = 0; at < segment.Length && !isDone && problem is null;)
                    {
                        int taken = scan.Read(segment.Span[at..], out int count);
                        isDone = scan.IsDone;
                        at += taken;
                        consumed += taken;
                        problem = Append(segment.Span.Slice(at - count, count));
                    }
                }
            }
            finally
            {
                // What is behind the end of it is somebody else's, who has not seen it yet.
                SequencePosition end = read.Buffer.GetPosition(consumed);
                input.AdvanceTo(end, isDone ? end : read.Buffer.End);
            }

            isDone |= read.IsCompleted && scan.IsUntilClose;
            if (problem is not null || (read.IsCompleted && !isDone))
            {
                return problem ?? HeldBodyEnd.SourceClosed;
            }
        }

        return HeldBodyEnd.Complete;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        process.Return(identity, _bytes.Length);
        (_bytes, _length) = ([], 0);
    }

    /// <returns>Why it cannot be held; null: it is.</returns>
    private HeldBodyEnd? Append(ReadOnlySpan<byte> data)
    {
        if (data.Length > most - _length)
        {
            return HeldBodyEnd.TooLong;
        }

        int length = _length + data.Length;
        if (length > _bytes.Length)
        {
            int room = Math.Min(most, Math.Max(length, Math.Max(First, 2 * _bytes.Length)));
            if (!process.TryTake(identity, room - _bytes.Length))
            {
                return HeldBodyEnd.NoRoom;
            }

            Array.Resize(ref _bytes, room);
        }

        data.CopyTo(_bytes.AsSpan(_length));
        _length = length;
        return null;
    }
}
