using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using WireGate.Core.Framing;

namespace WireGate.Http.Kubernetes.Channels;

/// <summary>The names and values of the streams of one direction (SPDY/3.1 section 2.6.10), which are compressed one behind the other.</summary>
internal sealed class SpdyHeaders : IDisposable
{
    /// <summary>Bytes that one block may have, compressed or not: those of exec have a hundred.</summary>
    public const int Most = 4 * 1024;

    private const uint Dictionary = 0xe3c6a7c2;
    private const int ZlibHead = 6;

    private static readonly byte[] Words = MakeDictionary();

    private readonly Feed _feed = new();
    private readonly DeflateStream _inflate;
    private readonly byte[] _block = new byte[Most + 1];
    private bool _hasBegun;

    public SpdyHeaders() => _inflate = new DeflateStream(_feed, CompressionMode.Decompress);

    /// <summary>Reads a block.</summary>
    /// <param name="block">As it came.</param>
    /// <param name="found">Told each name, in lower case, with its value.</param>
    /// <exception cref="ProtocolException">It is none, or longer than it may be.</exception>
    public void Read(ReadOnlySpan<byte> block, Action<string, string> found)
    {
        ReadOnlySpan<byte> left = Inflate(block);
        uint count = Number(ref left);
        for (uint i = 0; i < count; i++)
        {
            string name = Text(ref left);
            found(name, Text(ref left));
        }

        if (!left.IsEmpty)
        {
            throw Bad();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inflate.Dispose();
        _feed.Dispose();
    }

    private ReadOnlySpan<byte> Inflate(ReadOnlySpan<byte> block)
    {
        int length = 0;
        try
        {
            if (!_hasBegun)
            {
                // CMF FLG DICTID: with the dictionary, or it would be another stream. What comes behind it refers to the dictionary as to what came
                // before, so that is given first, in a block that is stored (RFC 1951 section 3.2.4): 00 LEN NLEN.
                if (block.Length < ZlibHead || block[0] != 0x78 || (block[1] & 0x20) == 0 || BinaryPrimitives.ReadUInt16BigEndian(block) % 31 != 0
                    || BinaryPrimitives.ReadUInt32BigEndian(block[2..]) != Dictionary)
                {
                    throw Bad();
                }

                byte[] stored = new byte[5 + Words.Length];
                BinaryPrimitives.WriteUInt16LittleEndian(stored.AsSpan(1), (ushort)Words.Length);
                BinaryPrimitives.WriteUInt16LittleEndian(stored.AsSpan(3), (ushort)~Words.Length);
                Words.CopyTo(stored, 5);
                _feed.Give(stored);
                _inflate.ReadExactly(_block, 0, Words.Length);
                _hasBegun = true;
                block = block[ZlibHead..];
            }

            _feed.Give(block.ToArray());
            int taken;
            while (length < _block.Length && (taken = _inflate.Read(_block, length, _block.Length - length)) > 0)
            {
                length += taken;
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw Bad();
        }

        return length <= Most ? _block.AsSpan(0, length) : throw Bad();
    }

    private static uint Number(ref ReadOnlySpan<byte> left)
    {
        uint number = left.Length >= 4 ? BinaryPrimitives.ReadUInt32BigEndian(left) : throw Bad();
        left = left[4..];
        return number;
    }

    private static string Text(ref ReadOnlySpan<byte> left)
    {
        uint length = Number(ref left);
        string text = length <= left.Length ? Encoding.Latin1.GetString(left[..(int)length]) : throw Bad();
        left = left[(int)length..];
        return text;
    }

    private static ProtocolException Bad() => new(Peer.Client, "headers of a stream of SPDY that are none");

    // SPDY/3.1 section 2.6.10.1: words behind their lengths, and a text.
    private static byte[] MakeDictionary()
    {
        const string Named = "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
            + "authorization cache-control connection content-base content-encoding content-language content-length content-location content-md5 "
            + "content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since "
            + "last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer "
            + "transfer-encoding upgrade user-agent vary via warning www-authenticate method get status 200+OK version HTTP/1.1 url public set-cookie "
            + "keep-alive origin";
        const string Rest = "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative "
            + "Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not "
            + "Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, "
            + "GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age="
            + "gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";
        var words = new MemoryStream();
        byte[] length = new byte[4];
        foreach (string word in Named.Split(' '))
        {
            BinaryPrimitives.WriteInt32BigEndian(length, word.Length);
            words.Write(length);
            words.Write(Encoding.ASCII.GetBytes(word.Replace('+', ' ')));
        }

        words.Write(Encoding.ASCII.GetBytes(Rest));
        return words.ToArray();
    }

    /// <summary>Has what it was given, and then nothing until it is given more.</summary>
    private sealed class Feed : Stream
    {
        private ReadOnlyMemory<byte> _left;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Give(byte[] bytes) => _left = bytes;

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int count = Math.Min(buffer.Length, _left.Length);
            _left.Span[..count].CopyTo(buffer);
            _left = _left[count..];
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
