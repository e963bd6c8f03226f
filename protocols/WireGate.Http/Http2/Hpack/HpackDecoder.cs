using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using WireGate.Core.Framing;
using WireGate.Http.Http1;

namespace WireGate.Http.Http2.Hpack;

/// <summary>
/// Reads the field blocks of a connection (RFC 7541), each whole. Whatever it throws ends the connection: what the two tables hold is no longer
/// the same.
/// </summary>
/// <param name="peer">Whose blocks these are.</param>
/// <param name="tableSize">Octets of SETTINGS_HEADER_TABLE_SIZE that the peer was told.</param>
internal sealed class HpackDecoder(Peer peer, int tableSize = HpackDecoder.UsualTableSize) : IDisposable
{
    /// <summary>SETTINGS_HEADER_TABLE_SIZE of whoever says nothing (RFC 9113 section 6.5.2).</summary>
    public const int UsualTableSize = 4096;

    // A block that says more than a section may have is read on, or the next could not be read; up to so many octets.
    private const int MostDecoded = 8 * FieldSection.MostBytes;

    // Section 4.2: the smallest of the sizes that a table had in between, and the last.
    private const int MostUpdates = 2;

    private readonly DynamicTable _table = new(tableSize);
    private byte[]? _name;
    private byte[]? _value;

    /// <summary>Reads a block.</summary>
    /// <param name="block">All of it, of HEADERS and what continues it.</param>
    /// <param name="section">Takes the fields; <see cref="FieldSection.IsTooLarge"/>: not all of them.</param>
    /// <exception cref="Http2Exception">It can never be valid.</exception>
    public void Decode(ReadOnlySpan<byte> block, FieldSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        int updates = 0;
        bool hasBegun = false;
        try
        {
            while (!block.IsEmpty)
            {
                byte first = block[0];

                // +---+---+---+---+---+---+---+---+
                // | 0 | 0 | 1 |   Max size (5+)   |  6.3, at the beginning of a block only
                // +---+---------------------------+
                if ((first & 0xe0) == 0x20)
                {
                    int size = ReadInteger(ref block, 5);
                    if (hasBegun || ++updates > MostUpdates || size > tableSize)
                    {
                        Throw("a change of the table's size that is none");
                    }

                    _table.Resize(size);
                    continue;
                }

                hasBegun = true;
                if ((first & 0x80) != 0)
                {
                    // +---+---------------------------+
                    // | 1 |        Index (7+)         |  6.1
                    // +---+---------------------------+
                    FieldName known = Get(ReadInteger(ref block, 7), out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value);
                    section.Take(known, name, value, isSensitive: false);
                }
                else
                {
                    ReadLiteral(ref block, first, section);
                }

                if (section.Size > MostDecoded)
                {
                    Throw("a block that says far more than a section may have");
                }
            }
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Gives its memory back.</summary>
    public void Dispose() => _table.Dispose();

    // +---+---+---+---+---+---+---+---+
    // | 0 | 1 |      Index (6+)       |  6.2.1, which is to be remembered
    // | 0 | 0 | 0 | 0 |  Index (4+)   |  6.2.2, which is not
    // | 0 | 0 | 0 | 1 |  Index (4+)   |  6.2.3, which never is, by nobody
    // +---+---+-----------------------+
    // | H |     Name Length (7+)      |  if Index is 0
    // | Name String                   |
    // | H |     Value Length (7+)     |
    // | Value String                  |
    // +-------------------------------+
    private void ReadLiteral(scoped ref ReadOnlySpan<byte> block, byte first, FieldSection section)
    {
        bool isIndexed = (first & 0x40) != 0;
        int index = ReadInteger(ref block, isIndexed ? 6 : 4);
        ReadOnlySpan<byte> name;
        FieldName known;
        if (index == 0)
        {
            name = ReadString(ref block, ref _name);
            known = FieldNames.Of(name);
        }
        else
        {
            known = Get(index, out name, out _);
        }

        ReadOnlySpan<byte> value = ReadString(ref block, ref _value);
        section.Take(known, name, value, isSensitive: (first & 0xf0) == 0x10);
        if (isIndexed)
        {
            _table.Add(name, value);
        }
    }

    private FieldName Get(int index, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if (index is > 0 and <= StaticTable.Count)
        {
            return StaticTable.Get(index, out name, out value);
        }

        // Of 0 there is neither.
        if (!_table.TryGet(index - StaticTable.Count - 1, out name, out value))
        {
            Throw("an index behind the end of the table");
        }

        return FieldNames.Of(name);
    }

    // RFC 7541 section 5.1. What does not fit 28 bits no length and no index is.
    private int ReadInteger(scoped ref ReadOnlySpan<byte> block, int prefix)
    {
        const int MostShift = 21;
        if (block.IsEmpty)
        {
            Throw("a block that ends too early");
        }

        int mask = (1 << prefix) - 1;
        int number = block[0] & mask;
        int at = 1;
        if (number == mask)
        {
            byte b;
            int shift = 0;
            do
            {
                if (at == block.Length || shift > MostShift)
                {
                    Throw(at == block.Length ? "a block that ends too early" : "a number that is too large");
                }

                b = block[at++];
                number += (b & 0x7f) << shift;
                shift += 7;
            }
            while ((b & 0x80) != 0);
        }

        block = block[at..];
        return number;
    }

    // RFC 7541 section 5.2.
    private ReadOnlySpan<byte> ReadString(scoped ref ReadOnlySpan<byte> block, scoped ref byte[]? scratch)
    {
        bool isHuffman = !block.IsEmpty && (block[0] & 0x80) != 0;
        int length = ReadInteger(ref block, 7);
        if (length > block.Length)
        {
            Throw("a block that ends too early");
        }

        ReadOnlySpan<byte> text = block[..length];
        block = block[length..];
        if (!isHuffman)
        {
            return text;
        }

        // The shortest codes have 5 bits. A longer text than a section may have is cut off here, and the connection with it.
        int most = Math.Min((text.Length * 8 / 5) + 1, MostDecoded);
        if (scratch is null || scratch.Length < most)
        {
            Return(ref scratch);
            scratch = ArrayPool<byte>.Shared.Rent(most);
        }

        if (!HuffmanCode.TryDecode(text, scratch, out int written))
        {
            Throw("a text that is not in the Huffman code");
        }

        return scratch.AsSpan(0, written);
    }

    private void Release()
    {
        Return(ref _name);
        Return(ref _value);
    }

    private static void Return(ref byte[]? scratch)
    {
        if (scratch is not null)
        {
            ArrayPool<byte>.Shared.Return(scratch, clearArray: true);
            scratch = null;
        }
    }

    [DoesNotReturn]
    private void Throw(string message) => Http2Exception.Throw(peer, ErrorCode.COMPRESSION_ERROR, message);
}
