using System.IO.Compression;
using WireGate.Core.Sessions;
using WireGate.Http.Holding;

namespace WireGate.Http.Credentials.Bodies;

/// <summary>Decodes a body that comes in pieces (RFC 9110 section 8.4.1). Not zstd, which the platform does not have.</summary>
internal abstract class BodyDecoder : IDisposable
{
    /// <summary>The problem of one for which there is no memory now.</summary>
    public const string NoRoom = "a compressed body has to be looked through, and too much is held already: try again later";

    /// <summary>The decoder of a body; null: it is what it is, or nobody knows what.</summary>
    /// <param name="codings">How it is coded.</param>
    /// <param name="held">Where one that takes much memory finds room.</param>
    /// <param name="identity">Whose request it is.</param>
    public static BodyDecoder? Of(BodyCodings codings, HeldInProcess held, Identity identity)
    {
        BodyDecoder? decoder = codings.Coding switch
        {
            BodyCoding.Gzip => new InflateDecoder(isGzip: true),
            BodyCoding.Deflate => new InflateDecoder(isGzip: false),
            BodyCoding.Brotli => new BrotliBodyDecoder(held, identity),
            _ => null,
        };
        return codings is { IsInChunks: true, Coding: not BodyCoding.Unknown } ? new AwsChunksDecoder(decoder) : decoder;
    }

    /// <summary>Not all that was given was read: it has ended before.</summary>
    public abstract bool HasMore { get; }

    /// <summary>Why no more of it is decoded; null: it is.</summary>
    public abstract string? Problem { get; }

    /// <summary>Gives it the next piece; the one before was read to its end.</summary>
    /// <param name="piece">Valid until it is read.</param>
    public abstract void Give(ReadOnlyMemory<byte> piece);

    /// <summary>Decodes.</summary>
    /// <returns>Bytes; 0: there are no more in the pieces that were given.</returns>
    /// <exception cref="InvalidDataException">It is not in the coding.</exception>
    /// <exception cref="IOException">It needs a dictionary (RFC 1950 section 2.2, FDICT), which nobody has agreed on.</exception>
    public abstract int Read(Span<byte> output);

    /// <inheritdoc/>
    public abstract void Dispose();

    private sealed class InflateDecoder(bool isGzip) : BodyDecoder
    {
        private readonly Pieces _pieces = new();
        private readonly byte[] _begin = new byte[isGzip ? 0 : 5];
        private int _begun;
        private string? _problem;
        private Stream? _inflating;

        public override bool HasMore => _pieces.HasMore;

        public override string? Problem => _problem;

        public override void Give(ReadOnlyMemory<byte> piece)
        {
            if (_inflating is not null)
            {
                _pieces.Give(default, piece);
                return;
            }

            int taken = Math.Min(_begin.Length - _begun, piece.Length);
            piece.Span[..taken].CopyTo(_begin.AsSpan(_begun));
            _begun += taken;
            if (_begun < _begin.Length)
            {
                return;
            }

            // RFC 9110 section 8.4.1.2: some send it without zlib's head (RFC 1950: CM = 8, and the two octets a multiple of 31), and servers take both.
            bool isZlib = !isGzip && (_begin[0] & 15) == 8 && ((_begin[0] << 8) | _begin[1]) % 31 == 0;
            _problem = isZlib && IsStored(_begin) ? "a compressed body that servers read in two ways" : null;
            _inflating = isGzip ? new GZipStream(_pieces, CompressionMode.Decompress)
                : isZlib ? new ZLibStream(_pieces, CompressionMode.Decompress)
                : new DeflateStream(_pieces, CompressionMode.Decompress);
            _pieces.Give(_begin.AsMemory(0, _begun), piece[taken..]);
        }

        public override int Read(Span<byte> output) => _inflating?.Read(output) ?? 0;

        public override void Dispose() => _inflating?.Dispose();

        // What zlib begins with is a block that is stored to who expects none of its head (RFC 1951 section 3.2.4: three bits, LEN and its complement).
        private static bool IsStored(ReadOnlySpan<byte> begin) => (begin[1] ^ begin[3]) == 0xFF && (begin[2] ^ begin[4]) == 0xFF;
    }

    // What an inflating stream reads: at the end of a piece it ends for now, and is asked again with the next.
    private sealed class Pieces : Stream
    {
        // Of what is behind the end of the last member the inflating stream drops what it was given, and asks for no more: little, so that the rest shows.
        private const int MostAtOnce = 32;

        private ReadOnlyMemory<byte> _first;
        private ReadOnlyMemory<byte> _rest;

        public bool HasMore => !_first.IsEmpty || !_rest.IsEmpty;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Give(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> rest) => (_first, _rest) = (first, rest);

        public override int Read(Span<byte> buffer)
        {
            if (_first.IsEmpty)
            {
                (_first, _rest) = (_rest, default);
            }

            int count = Math.Min(Math.Min(_first.Length, buffer.Length), MostAtOnce);
            _first.Span[..count].CopyTo(buffer);
            _first = _first[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
