using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Pipelines;

namespace WireGate.Ssh.Packets;

/// <summary>
/// Protects, counts and sends the packets of one direction. What is written is sealed at once, so that its number is its place, and lies
/// here until it is flushed; what is written while a flush waits for the peer goes with the next one. Many may write, one at a time (they
/// share a loop); only one waits for <see cref="FlushAsync"/>.
/// </summary>
internal sealed class PacketWriter(PipeWriter output) : IDisposable
{
    private const int LeastPadding = 4;
    private const int FirstRent = 4096;

    private readonly PacketBuffer _own = new();
    private PacketSealer _sealer = new PlainSealer();
    private byte[] _filling = [];
    private int _filled;
    private Task? _flushing;
    private bool _isGone;

    /// <summary>Bytes that nobody has sent yet, those of a flush that waits included.</summary>
    public int Unsent => _filled + _inFlight;

    private int _inFlight;

    /// <summary>Number of the next packet; it comes round.</summary>
    public uint Sequence { get; private set; }

    /// <summary>Packets under the present key.</summary>
    public long Packets { get; private set; }

    /// <summary>Bytes under the present key.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes of a block of the present cipher.</summary>
    public int BlockSize => _sealer.BlockSize;

    /// <summary>What follows is under another key.</summary>
    /// <param name="sealer">Its owner is this writer from now on.</param>
    /// <param name="isNumberedAnew">Strict key exchange: the next packet is number 0.</param>
    public void SetKey(PacketSealer sealer, bool isNumberedAnew)
    {
        _sealer.Dispose();
        _sealer = sealer;
        Packets = 0;
        Bytes = 0;
        Sequence = isNumberedAnew ? 0 : Sequence;
    }

    /// <summary>What is written from now on may be kept in memory that is not erased: no secret is in it.</summary>
    public void StopErasing() => _own.IsErased = false;

    /// <summary>Bytes that are no packet: the version line.</summary>
    public void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _filled += bytes.Length;
    }

    /// <summary>Writes a packet.</summary>
    public void Write(ReadOnlySpan<byte> payload)
    {
        _own.Set(payload);
        Write(_own);
        _own.Release();
    }

    /// <summary>Writes a packet from where it lies.</summary>
    public void Write(PacketBuffer packet)
    {
        int payload = packet.Payload.Length;
        int block = _sealer.BlockSize;
        int apart = _sealer.IsLengthApart ? 0 : sizeof(uint);
        int padding = block - ((apart + 1 + payload) % block);
        padding += padding < LeastPadding ? block : 0;
        int length = 1 + payload + padding;

        Span<byte> plain = packet.Whole[..(sizeof(uint) + length)];
        BinaryPrimitives.WriteUInt32BigEndian(plain, (uint)length);
        plain[sizeof(uint)] = (byte)padding;

        // Nobody sees it but the peer, and every cipher here is one whose secrecy does not ask for it to be random.
        plain[^padding..].Clear();
        int whole = plain.Length + _sealer.TagLength;
        _sealer.Seal(Sequence, plain, Room(whole));
        _filled += whole;
        Sequence = unchecked(Sequence + 1);
        Packets++;
        Bytes += whole;
    }

    /// <summary>Sends what was written.</summary>
    /// <returns>False: the peer is gone.</returns>
    public ValueTask<bool> FlushAsync()
    {
        StartFlush();
        return _flushing is null ? ValueTask.FromResult(!_isGone) : new ValueTask<bool>(WaitAsync(_flushing));

        async Task<bool> WaitAsync(Task flushing)
        {
            await flushing;
            return !_isGone;
        }
    }

    /// <summary>Sends what was written as soon as the peer takes it, and does not wait for that.</summary>
    public void StartFlush()
    {
        if (_flushing is not null || _filled == 0 || _isGone)
        {
            _filled = _isGone ? 0 : _filled;
            return;
        }

        byte[] sending = Take(out int length);
        ValueTask<FlushResult> sent = output.WriteAsync(sending.AsMemory(0, length), CancellationToken.None);
        if (sent.IsCompletedSuccessfully)
        {
            OnSent(sending, sent.Result);
            return;
        }

        Task flushing = FinishAsync(sending, sent);
        _flushing = flushing.IsCompleted ? null : flushing;
        if (flushing.IsFaulted)
        {
            flushing.GetAwaiter().GetResult();
        }
    }

    /// <summary>Gives back, and erases, the keys. Nothing may be in flight any more.</summary>
    public void Dispose()
    {
        _sealer.Dispose();
        _own.Dispose();
        if (_filling.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_filling);
            _filling = [];
        }
    }

    private async Task FinishAsync(byte[] sending, ValueTask<FlushResult> sent)
    {
        try
        {
            OnSent(sending, await sent);
            while (_filled > 0 && !_isGone)
            {
                sending = Take(out int length);
                OnSent(sending, await output.WriteAsync(sending.AsMemory(0, length), CancellationToken.None));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _isGone = true;
            _inFlight = 0;
        }
        finally
        {
            _flushing = null;
        }
    }

    private byte[] Take(out int length)
    {
        Debug.Assert(_inFlight == 0, "One flush at a time.");
        byte[] sending = _filling;
        length = _inFlight = _filled;
        _filling = [];
        _filled = 0;
        return sending;
    }

    private void OnSent(byte[] sent, FlushResult result)
    {
        _inFlight = 0;
        _isGone |= result.IsCompleted;
        if (_filling.Length == 0 && sent.Length <= FirstRent)
        {
            // A session that speaks now and then keeps its small one.
            _filling = sent;
        }
        else
        {
            ArrayPool<byte>.Shared.Return(sent);
        }
    }

    private Span<byte> Room(int count)
    {
        if (_filling.Length - _filled < count)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(FirstRent, _filled + count), Math.Min(_filling.Length * 2, 256 * 1024)));
            _filling.AsSpan(0, _filled).CopyTo(larger);
            if (_filling.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_filling);
            }

            _filling = larger;
        }

        return _filling.AsSpan(_filled, count);
    }
}
