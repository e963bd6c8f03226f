using System.Buffers;
using System.IO.Compression;
using WireGate.Core.Sessions;
using WireGate.Http.Holding;

namespace WireGate.Http.Credentials.Bodies;

/// <summary>Decodes brotli (RFC 7932), whose window may be of 16 MiB: it takes room where bodies are held, before any of it is decoded.</summary>
/// <param name="held">Where.</param>
/// <param name="identity">Whose request it is.</param>
internal sealed class BrotliBodyDecoder(HeldInProcess held, Identity identity) : BodyDecoder
{
    // What its codes take, however small the window: mostly less, at most three times as much.
    private const int Least = 1024 * 1024;

    // Fourteen bytes may stand for 16 MiB, which nobody sends: text comes to a tenth.
    private const int MostTimes = 256;

    private BrotliDecoder _decoder;
    private long _in;
    private long _out;
    private ReadOnlyMemory<byte> _piece;
    private string? _problem;
    private int _window;
    private bool _isDone;

    /// <inheritdoc/>
    public override bool HasMore => !_piece.IsEmpty;

    /// <inheritdoc/>
    public override string? Problem => _problem;

    /// <inheritdoc/>
    public override void Give(ReadOnlyMemory<byte> piece)
    {
        _piece = piece;
        if (_window == 0 && _problem is null && !piece.IsEmpty)
        {
            int window = Math.Max(Least, WindowOf(piece.Span[0]));
            if (held.TryTake(identity, window))
            {
                _window = window;
            }
            else
            {
                _problem = "a compressed body that has to be looked through, and too much is held already: try again later";
            }
        }
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> output)
    {
        if (_isDone)
        {
            return 0;
        }

        OperationStatus status = _decoder.Decompress(_piece.Span, output, out int taken, out int count);
        _piece = _piece[taken..];
        (_in, _out) = (_in + taken, _out + count);
        if (_out > Least + (MostTimes * _in))
        {
            throw new InvalidDataException("It stands for too much.");
        }

        _isDone = status == OperationStatus.Done;
        return status == OperationStatus.InvalidData ? throw new InvalidDataException("It is no brotli.") : count;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _decoder.Dispose();
        held.Return(identity, _window);
        _window = 0;
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
