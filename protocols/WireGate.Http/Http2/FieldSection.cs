using WireGate.Core.Transport;
using WireGate.Http.Http1;

namespace WireGate.Http.Http2;

/// <summary>
/// The fields of a request, a response or a trailer section (RFC 9113 section 8.1), in their order; pseudo-header fields stand apart. It owns its
/// bytes until <see cref="Clear"/>; spans of it are valid until something is added. Used for one message after the other.
/// </summary>
internal sealed class FieldSection : IDisposable
{
    /// <summary>Octets that a section may have, as SETTINGS_MAX_HEADER_LIST_SIZE counts them: as many as a head of HTTP/1.1.</summary>
    public const int MostBytes = HeadScan.MostBytes;

    /// <summary>Field lines.</summary>
    public const int MostFields = MessageHead.MostFields;

    private const int UsualFields = 16;

    private byte[]? _bytes;
    private FieldLine[]? _lines;
    private bool[]? _sensitive;
    private int _length;
    private int _count;
    private int _pseudo;

    /// <summary>Regular fields; those that crumbs of Cookie were joined to stand where the first of them stood.</summary>
    public ReadOnlySpan<FieldLine> Fields => _lines.AsSpan(_pseudo, _count - _pseudo);

    /// <summary>Octets of it as SETTINGS_MAX_HEADER_LIST_SIZE counts them.</summary>
    public int Size { get; private set; }

    /// <summary>It is longer than any may be; not all of it is here.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>Where the values of pseudo-header fields are; empty where there is none.</summary>
    public ReadOnlySpan<byte> Method => Pseudo(PseudoField.Method);

    /// <inheritdoc cref="Method"/>
    public ReadOnlySpan<byte> Scheme => Pseudo(PseudoField.Scheme);

    /// <inheritdoc cref="Method"/>
    public ReadOnlySpan<byte> Authority => Pseudo(PseudoField.Authority);

    /// <inheritdoc cref="Method"/>
    public ReadOnlySpan<byte> Path => Pseudo(PseudoField.Path);

    /// <inheritdoc cref="Method"/>
    public ReadOnlySpan<byte> Status => Pseudo(PseudoField.Status);

    /// <summary>The three digits of <see cref="Status"/>; 0: it has none.</summary>
    public int Code => Status is { Length: 3 } digits && Grammar.TryReadNumber(digits, out long code) ? (int)code : 0;

    /// <summary>Everything in its order, pseudo-header fields first.</summary>
    internal ReadOnlySpan<FieldLine> All => _lines.AsSpan(0, _count);

    /// <summary>The name of a field.</summary>
    public ReadOnlySpan<byte> Name(in FieldLine field) => _bytes.AsSpan(field.NameStart, field.NameLength);

    /// <summary>The value of a field.</summary>
    public ReadOnlySpan<byte> Value(in FieldLine field) => _bytes.AsSpan(field.ValueStart, field.ValueLength);

    /// <summary>The same, to be overwritten by as many bytes.</summary>
    public Span<byte> WritableValue(in FieldLine field) => _bytes.AsSpan(field.ValueStart, field.ValueLength);

    /// <summary>Whether a field must never be remembered by a table of HPACK.</summary>
    /// <param name="index">Within <see cref="Fields"/>; below 0, of a pseudo-header field before those.</param>
    public bool IsSensitive(int index) => _sensitive![_pseudo + index];

    /// <summary>The value of the first field of a name.</summary>
    /// <returns>False: there is none.</returns>
    public bool TryGet(FieldName name, out ReadOnlySpan<byte> value)
    {
        foreach (ref readonly FieldLine field in Fields)
        {
            if (field.Name == name)
            {
                value = Value(field);
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Adds a field; pseudo-header fields come before all others.</summary>
    /// <param name="name">In lower case.</param>
    /// <param name="value">Without blanks around it.</param>
    /// <param name="isSensitive">No table of HPACK may remember it, here or further on.</param>
    /// <exception cref="InvalidOperationException">There is no room, or a pseudo-header field comes late.</exception>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool isSensitive = false)
    {
        bool isPseudo = name is [(byte)':', ..];
        if (isPseudo && _pseudo != _count)
        {
            throw new InvalidOperationException("A pseudo-header field behind a field.");
        }

        Take(isPseudo ? FieldName.Other : FieldNames.Of(name), name, value, isSensitive);
        _pseudo += isPseudo ? 1 : 0;
        if (IsTooLarge)
        {
            throw new InvalidOperationException("A section of fields that is too large.");
        }
    }

    /// <summary>Adds all fields of another.</summary>
    public void AddAll(FieldSection other)
    {
        ArgumentNullException.ThrowIfNull(other);
        ReadOnlySpan<FieldLine> all = other.All;
        for (int i = 0; i < all.Length; i++)
        {
            Add(other.Name(all[i]), other.Value(all[i]), other._sensitive![i]);
        }
    }

    /// <summary>Adds <c>:status</c>.</summary>
    public void AddStatus(int code)
    {
        Span<byte> digits = stackalloc byte[3];
        code.TryFormat(digits, out _);
        Add(":status"u8, digits);
    }

    /// <summary>Takes a field as it was decoded; which of them are pseudo-header fields is said later.</summary>
    internal void Take(FieldName known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool isSensitive)
    {
        Size += name.Length + value.Length + Hpack.DynamicTable.Overhead;
        IsTooLarge |= Size > MostBytes;
        if (IsTooLarge)
        {
            return;
        }

        int start = Append(name, value);
        Line(new FieldLine(known, (ushort)start, (ushort)name.Length, (ushort)(start + name.Length), (ushort)value.Length), isSensitive);
    }

    /// <summary>Says how many fields at its beginning are pseudo-header fields.</summary>
    internal void SetPseudo(int count) => _pseudo = count;

    /// <summary>Joins the crumbs of Cookie to one field (RFC 9113 section 8.2.3). What is empty is none of it: the joint would end in a blank.</summary>
    internal void JoinCookies()
    {
        int first = -1;
        int crumbs = 0;
        for (int i = _pseudo; i < _count; i++)
        {
            first = first < 0 && _lines![i].Name == FieldName.Cookie ? i : first;
            crumbs += _lines![i].Name == FieldName.Cookie ? 1 : 0;
        }

        if (crumbs < 2)
        {
            return;
        }

        int start = _length;
        int kept = first + 1;
        bool isSensitive = false;
        for (int i = first; i < _count; i++)
        {
            FieldLine line = _lines![i];
            if (line.Name == FieldName.Cookie)
            {
                Append(_length > start && line.ValueLength > 0 ? "; "u8 : default, default);
                Reserve(line.ValueLength);
                Append(Value(line), default);
                isSensitive |= _sensitive![i];
            }
            else
            {
                _sensitive![kept] = _sensitive[i];
                _lines[kept++] = line;
            }
        }

        _lines![first] = _lines[first] with { ValueStart = (ushort)start, ValueLength = (ushort)(_length - start) };
        _sensitive![first] = isSensitive;
        _count = kept;
    }

    /// <summary>Gives its memory back; another may be read or made.</summary>
    public void Clear()
    {
        if (_bytes is not null)
        {
            // A placeholder, or a cookie, may be in it.
            LoopArrays.Return(_bytes, clear: true);
            LoopArrays.Return(_lines!);
            LoopArrays.Return(_sensitive!);
            (_bytes, _lines, _sensitive) = (null, null, null);
        }

        (_length, _count, _pseudo, Size, IsTooLarge) = (0, 0, 0, 0, false);
    }

    /// <summary>The same as <see cref="Clear"/>.</summary>
    public void Dispose() => Clear();

    private ReadOnlySpan<byte> Pseudo(PseudoField which)
    {
        for (int i = 0; i < _pseudo; i++)
        {
            if (PseudoFields.Of(Name(_lines![i])) == which)
            {
                return Value(_lines[i]);
            }
        }

        return default;
    }

    private int Append(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Reserve(name.Length + value.Length);
        int start = _length;
        name.CopyTo(_bytes.AsSpan(start));
        value.CopyTo(_bytes.AsSpan(start + name.Length));
        _length += name.Length + value.Length;
        return start;
    }

    private void Reserve(int more)
    {
        const int Usual = 512;
        if (_bytes is null)
        {
            _bytes = LoopArrays.Rent<byte>(Math.Max(Usual, more));
            _lines = LoopArrays.Rent<FieldLine>(UsualFields);
            _sensitive = LoopArrays.Rent<bool>(UsualFields);
        }
        else if (_bytes.Length - _length < more)
        {
            byte[] larger = LoopArrays.Rent<byte>(Math.Max(2 * _bytes.Length, _length + more));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            LoopArrays.Return(_bytes, clear: true);
            _bytes = larger;
        }
    }

    private void Line(FieldLine line, bool isSensitive)
    {
        if (_count == Math.Min(_lines!.Length, _sensitive!.Length))
        {
            FieldLine[] lines = LoopArrays.Rent<FieldLine>(2 * _count);
            bool[] sensitive = LoopArrays.Rent<bool>(2 * _count);
            _lines.AsSpan(0, _count).CopyTo(lines);
            _sensitive.AsSpan(0, _count).CopyTo(sensitive);
            LoopArrays.Return(_lines);
            LoopArrays.Return(_sensitive);
            (_lines, _sensitive) = (lines, sensitive);
        }

        _lines[_count] = line;
        _sensitive[_count++] = isSensitive;
    }
}
