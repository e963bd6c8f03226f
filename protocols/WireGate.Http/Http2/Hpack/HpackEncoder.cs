using WireGate.Http.Http1;

namespace WireGate.Http.Http2.Hpack;

/// <summary>
/// Writes the field blocks of a connection (RFC 7541). Fields that come again and again are remembered; credentials never are, by nobody on the way;
/// of the rest only the names that every table has are taken from it.
/// </summary>
internal sealed class HpackEncoder : IDisposable
{
    /// <summary>Octets of its table at most, however much more the peer allows.</summary>
    public const int MostTableSize = 4096;

    private readonly DynamicTable _table = new(MostTableSize);
    private int _smallest = int.MaxValue;
    private bool _isResized;

    /// <summary>The peer said SETTINGS_HEADER_TABLE_SIZE; the next block tells it what of that is used.</summary>
    public void SetTableSize(uint size)
    {
        int capacity = (int)Math.Min(size, MostTableSize);
        if (capacity == _table.Capacity)
        {
            return;
        }

        _smallest = Math.Min(_smallest, capacity);
        _isResized = true;
        _table.Resize(capacity);
    }

    /// <summary>Room that a block may need.</summary>
    public static int MostLength(FieldSection section)
    {
        ArgumentNullException.ThrowIfNull(section);

        // For each field 32 octets are counted, which is more than its first byte and two lengths take; and two changes of the table's size.
        return section.Size + 16;
    }

    /// <summary>Writes a block.</summary>
    /// <param name="section">What it says.</param>
    /// <param name="output">As long as <see cref="MostLength"/> says.</param>
    /// <returns>Its bytes.</returns>
    public int Encode(FieldSection section, Span<byte> output)
    {
        ArgumentNullException.ThrowIfNull(section);
        int at = 0;
        if (_isResized)
        {
            // RFC 7541 section 4.2: the smallest size in between too, or what was evicted here would not be there.
            at += _smallest < _table.Capacity ? WriteInteger(output, 0x20, 5, _smallest) : 0;
            at += WriteInteger(output[at..], 0x20, 5, _table.Capacity);
            (_isResized, _smallest) = (false, int.MaxValue);
        }

        ReadOnlySpan<FieldLine> all = section.All;
        int pseudo = all.Length - section.Fields.Length;
        for (int i = 0; i < all.Length; i++)
        {
            ref readonly FieldLine line = ref all[i];
            ReadOnlySpan<byte> name = section.Name(line);
            Indexing indexing = section.IsSensitive(i - pseudo) ? Indexing.Never : i < pseudo ? OfPseudo(name) : Of(line.Name, name);
            at += WriteField(output[at..], name, section.Value(line), indexing);
        }

        return at;
    }

    /// <summary>Gives its memory back.</summary>
    public void Dispose() => _table.Dispose();

    private int WriteField(Span<byte> output, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, Indexing indexing)
    {
        int known = StaticTable.Find(name, value, out bool isWhole);
        if (isWhole && indexing != Indexing.Never)
        {
            return WriteInteger(output, 0x80, 7, known);
        }

        if (indexing == Indexing.Remembered)
        {
            int found = _table.Find(name, value, out int ofName);
            if (found >= 0)
            {
                return WriteInteger(output, 0x80, 7, StaticTable.Count + 1 + found);
            }

            known = known == 0 && ofName >= 0 ? StaticTable.Count + 1 + ofName : known;
        }

        int at = indexing switch
        {
            Indexing.Remembered => WriteInteger(output, 0x40, 6, known),
            Indexing.Never => WriteInteger(output, 0x10, 4, known),
            _ => WriteInteger(output, 0x00, 4, known),
        };
        at += known == 0 ? WriteString(output[at..], name) : 0;
        at += WriteString(output[at..], value);
        if (indexing == Indexing.Remembered)
        {
            _table.Add(name, value);
        }

        return at;
    }

    // What a connection says again and again with few values. Of what has a value of its own each time, the table would only be washed out.
    private static Indexing Of(FieldName known, ReadOnlySpan<byte> name) => known switch
    {
        FieldName.Authorization or FieldName.ProxyAuthorization or FieldName.Cookie or FieldName.SetCookie => Indexing.Never,
        FieldName.Accept or FieldName.AcceptEncoding or FieldName.AcceptRanges or FieldName.CacheControl or FieldName.ContentEncoding or FieldName.ContentType
            or FieldName.GrpcAcceptEncoding or FieldName.Te or FieldName.Via => Indexing.Remembered,
        FieldName.Other => OfOther(name),
        _ => Indexing.None,
    };

    private static Indexing OfOther(ReadOnlySpan<byte> name) => name.Length switch
    {
        4 => name.SequenceEqual("vary"u8),
        6 => name.SequenceEqual("server"u8),
        10 => name.SequenceEqual("user-agent"u8),
        11 => name.SequenceEqual("grpc-status"u8),
        13 => name.SequenceEqual("grpc-encoding"u8),
        15 => name.SequenceEqual("accept-language"u8),
        25 => name.SequenceEqual("strict-transport-security"u8),
        27 => name.SequenceEqual("access-control-allow-origin"u8),
        _ => false,
    }
        ? Indexing.Remembered
        : Indexing.None;

    // A path may have a credential in its query.
    private static Indexing OfPseudo(ReadOnlySpan<byte> name) => PseudoFields.Of(name) switch
    {
        PseudoField.Path => Indexing.None,
        _ => Indexing.Remembered,
    };

    // RFC 7541 section 5.1.
    private static int WriteInteger(Span<byte> output, byte pattern, int prefix, int number)
    {
        int mask = (1 << prefix) - 1;
        if (number < mask)
        {
            output[0] = (byte)(pattern | number);
            return 1;
        }

        output[0] = (byte)(pattern | mask);
        number -= mask;
        int at = 1;
        for (; number >= 0x80; number >>= 7)
        {
            output[at++] = (byte)(number | 0x80);
        }

        output[at++] = (byte)number;
        return at;
    }

    // RFC 7541 section 5.2: in the Huffman code where that is shorter.
    private static int WriteString(Span<byte> output, ReadOnlySpan<byte> text)
    {
        int length = HuffmanCode.EncodedLength(text);
        int at;
        if (length < text.Length)
        {
            at = WriteInteger(output, 0x80, 7, length);
            HuffmanCode.Encode(text, output.Slice(at, length));
            return at + length;
        }

        at = WriteInteger(output, 0x00, 7, text.Length);
        text.CopyTo(output[at..]);
        return at + text.Length;
    }

    private enum Indexing
    {
        None = 0,
        Remembered,
        Never,
    }
}
