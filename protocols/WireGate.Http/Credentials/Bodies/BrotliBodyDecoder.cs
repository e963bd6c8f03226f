using System.Buffers;
using System.IO.Compression;
using WireGate.Core.Sessions;
using WireGate.Http.Holding;

namespace WireGate.Http.Credentials.Bodies;

/// <summary>
/// Decodes brotli (RFC 7932), whose window may be of 16 MiB. What it takes of memory by that has room where bodies are held: as it is written to, since what
/// the system gave and nobody has touched costs nothing.
/// </summary>
/// <param name="held">Where.</param>
/// <param name="identity">Whose request it is.</param>
internal sealed class BrotliBodyDecoder(HeldInProcess held, Identity identity) : BodyDecoder
{
    // What it takes before it has read anything, and as much as is taken more at once.
    private const int Step = 64 * 1024;

    // Its codes take so many times what says them, and this at most: mostly less, never more than three times as much.
    private const int CodeTimes = 256;
    private const int MostOfCodes = 1024 * 1024;

    // Fourteen bytes may stand for 16 MiB, which nobody sends: text comes to a tenth.
    private const int MostTimes = 256;

    // What of one piece is more than that lies in the window until somebody reads it, and may be all of it.
    private const int MostAtOnce = 64 * 1024;

    private BrotliDecoder _decoder;
    private long _in;
    private long _out;
    private long _outBefore;
    private ReadOnlyMemory<byte> _piece;
    private string? _problem;
    private int _window;
    private int _room;
    private bool _isDone;

    /// <inheritdoc/>
    public override bool HasMore => !_piece.IsEmpty;

    /// <inheritdoc/>
    public override string? Problem => _problem;

    /// <inheritdoc/>
    public override void Give(ReadOnlyMemory<byte> piece)
    {
        (_piece, _outBefore) = (piece, _out);
        if (_window == 0 && !piece.IsEmpty)
        {
            _window = WindowOf(piece.Span[0]);
            Take(0);
        }
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> output)
    {
        if (_isDone || _problem is not null)
        {
            return 0;
        }

        OperationStatus status = _decoder.Decompress(_piece.Span, output, out int taken, out int count);
        _piece = _piece[taken..];
        (_in, _out) = (_in + taken, _out + count);
        if (status == OperationStatus.InvalidData)
        {
            throw new InvalidDataException("It is no brotli.");
        }

        if (_out > MostOfCodes + (MostTimes * _in))
        {
            throw new InvalidDataException("It stands for too much.");
        }

        _isDone = status == OperationStatus.Done;
        if (_isDone)
        {
            Release();
            return count;
        }

        bool isMuch = status == OperationStatus.DestinationTooSmall && _out - _outBefore > MostAtOnce;
        Take(isMuch ? _window : (int)Math.Min(_window, _out));
        return _problem is null ? count : 0;
    }

    /// <inheritdoc/>
    public override void Dispose() => Release();

    private void Take(int written)
    {
        int needed = Step + (int)Math.Min(MostOfCodes, CodeTimes * _in) + written;
        int more = needed <= _room ? 0 : (needed - _room + Step - 1) / Step * Step;
        if (more > 0 && !held.TryTake(identity, more))
        {
            _problem = NoRoom;
            Release();
            return;
        }

        _room += more;
    }

    private void Release()
    {
        _decoder.Dispose();
        held.Return(identity, _room);
        _room = 0;
    }

    /*
     * WBITS, from the lowest bit on (section 9.1); the window has 2^WBITS bytes, but for 16 that nobody needs.
     *   0: 16    1 nnn: 17 + nnn    1 000 nnn: 8 + nnn    1 000 000: 17    1 000 100: invalid
     */
    private static int WindowOf(byte first)
    {
        int more = (first >> 1) & 7, less = (first >> 4) & 7;
        int bits = (first & 1) == 0 ? 16 : more > 0 ? 17 + more : less > 1 ? 8 + less : 17;
        return 1 << bits;
    }
}
