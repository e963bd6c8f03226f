using System.Buffers.Binary;
using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Masking;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Masking;

/// <summary>What becomes of the values of one column.</summary>
/// <param name="Replacement">In place of every value; null: the value may pass.</param>
/// <param name="Kind">How it can be replaced.</param>
/// <param name="IsSearched">What detectors find in it is replaced.</param>
/// <param name="IsBinary">In the binary format.</param>
internal readonly record struct ColumnMask(Replacement? Replacement, ValueKind Kind, bool IsSearched, bool IsBinary)
{
    public bool IsClean => Replacement is null && !IsSearched;

    /// <summary>What stands in place of its values stands in place of NULL too.</summary>
    public bool HidesNull => Replacement is { IsMade: true };

    /// <summary>What is replaced where a value is NULL: of jsonb in the binary format, the version.</summary>
    public ReadOnlySpan<byte> Missing => this is { Kind: ValueKind.Jsonb, IsBinary: true } ? [1] : [];
}

/// <summary>A detector and what stands in place of what it finds.</summary>
internal readonly record struct Search(MaskDetector Detector, Replacement Replacement);

/// <summary>What becomes of the rows of one result. Immutable; allocates nothing for a row.</summary>
internal sealed class RowMask(ImmutableArray<ColumnMask> columns, ImmutableArray<Search> searches)
{
    private const int NullLength = -1;

    /// <summary>All of it may pass as it is.</summary>
    public bool IsClean { get; } = columns.All(c => c.IsClean);

    /// <summary>Rows of other columns, with the same detectors.</summary>
    public RowMask With(ImmutableArray<ColumnMask> others) => new(others, searches);

    /// <summary>Writes a whole DataRow.</summary>
    /// <param name="body">Of the row as it came: Int16 count, then Int32 length or -1 and the bytes, each.</param>
    /// <param name="output">Cleared.</param>
    /// <exception cref="ProtocolException">It is not well formed, or of another number of columns than was told.</exception>
    public void Write(ReadOnlySpan<byte> body, RowBuffer output)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        int count = reader.ReadInt16();
        if (count != columns.Length)
        {
            ProtocolException.Throw(Peer.Upstream, "a row of another number of columns than was told");
        }

        output.Byte((byte)BackendMessage.DataRow);
        output.Int32(0);
        output.Int16((short)count);
        foreach (ref readonly ColumnMask column in columns.AsSpan())
        {
            int length = reader.ReadInt32();
            if (length == NullLength && !column.HidesNull)
            {
                output.Int32(NullLength);
                continue;
            }

            ReadOnlySpan<byte> value = length == NullLength ? column.Missing : reader.ReadBytes(length);
            if (column.IsClean)
            {
                Span<byte> span = output.Reserve(sizeof(int) + length);
                BinaryPrimitives.WriteInt32BigEndian(span, length);
                value.CopyTo(span[sizeof(int)..]);
                continue;
            }

            int at = output.Length;
            output.Int32(0);
            if (WriteValue(column, value, output))
            {
                output.PatchLength(at);
            }
            else
            {
                output.Cut(at);
                output.Int32(NullLength);
            }
        }

        reader.End();
        output.PatchLength(1, own: true);
    }

    /// <summary>Writes what is shown in place of a value.</summary>
    /// <returns>False: nothing is shown, it is NULL.</returns>
    public bool WriteValue(in ColumnMask column, ReadOnlySpan<byte> value, RowBuffer output) => column.Replacement is { } replacement
        ? Replace(replacement, column, value, output)
        : WriteSearched(column, value, output);

    private static bool Replace(Replacement replacement, in ColumnMask column, ReadOnlySpan<byte> value, RowBuffer output)
    {
        if (replacement.IsNull)
        {
            return false;
        }

        switch (column.Kind)
        {
            case ValueKind.Text:
                replacement.WriteText(output, value);
                return true;
            case ValueKind.Json:
            case ValueKind.Jsonb:
                if (column is { Kind: ValueKind.Jsonb, IsBinary: true } && !value.IsEmpty)
                {
                    // The version, which is no part of the value.
                    output.Byte(value[0]);
                    value = value[1..];
                }

                replacement.WriteJson(output, value);
                return true;
            case ValueKind.Xml:
                replacement.WriteXml(output, value);
                return true;
            default:
                return false;
        }
    }

    private bool WriteSearched(in ColumnMask column, ReadOnlySpan<byte> value, RowBuffer output)
    {
        if (column.Kind != ValueKind.Text)
        {
            // A part of it cannot be replaced without breaking its form.
            if (FoundIn(column, value) is { } whole)
            {
                return Replace(whole, column, value, output);
            }

            output.Bytes(value);
            return true;
        }

        Span<Hit> found = stackalloc Hit[searches.Length];
        Begin(value, found);
        using Reading rest = Readings.IsUtf8(value) ? default : new Reading(value);
        int start = output.Length, at = 0;
        while (Next(value, found, out Replacement replacement) is { IsThere: true } hit)
        {
            if (replacement.IsNull)
            {
                return false;
            }

            output.Bytes(value[at..hit.Start]);
            replacement.WriteText(output, value.Slice(hit.Start, hit.Length));
            rest.Blank(hit);
            at = hit.End;
        }

        output.Bytes(value[at..]);
        if (rest.IsThere && FoundIn(rest.WithoutTrails()) is { } hidden)
        {
            // Where it is in the value depends on the encoding.
            output.Cut(start);
            return Replace(hidden.OfMade, column, value, output);
        }

        return true;
    }

    /// <summary>Whether detectors find anything in a value.</summary>
    public bool Finds(in ColumnMask column, ReadOnlySpan<byte> value) => FoundIn(column, value) is not null;

    /// <summary>Whether detectors find anything in what is of no column.</summary>
    public bool Finds(ReadOnlySpan<byte> payload) => Finds(new ColumnMask(null, ValueKind.Other, true, false), payload);

    // However it is read: as it stands, and as what its escapes, lengths and characters of more bytes than one stand for.
    private Replacement? FoundIn(in ColumnMask column, ReadOnlySpan<byte> value)
    {
        bool hasLengths = column is { Kind: ValueKind.Other, IsBinary: true };
        bool hasEscapes = column.Kind != ValueKind.Text && Readings.HasEscapes(value);
        bool isUtf8 = Readings.IsUtf8(value);
        Replacement? found = FoundIn(value);
        if (found is null && column is { Kind: ValueKind.Other, IsBinary: false } && value.IndexOf("\\x"u8) >= 0)
        {
            using var bytes = new Reading(value);
            found = FoundIn(bytes.Undigited());
        }

        if (found is not null || !(hasLengths || hasEscapes || !isUtf8))
        {
            return found;
        }

        using var reading = new Reading(value);
        found = hasLengths ? FoundIn(reading.WithoutLengths()) : null;
        for (int depth = 0; found is null && hasEscapes && depth < Readings.MostDepth && Readings.HasEscapes(reading.Bytes); depth++)
        {
            found = FoundIn(reading.Unescaped());
        }

        return found ?? (isUtf8 ? null : FoundIn(reading.WithoutTrails()));
    }

    private Replacement? FoundIn(ReadOnlySpan<byte> value)
    {
        Span<Hit> found = stackalloc Hit[searches.Length];
        Begin(value, found);
        return Next(value, found, out Replacement replacement).IsThere ? replacement : null;
    }

    private void Begin(ReadOnlySpan<byte> value, Span<Hit> found)
    {
        ReadOnlySpan<Search> all = searches.AsSpan();
        for (int i = 0; i < all.Length; i++)
        {
            found[i] = Detectors.Find(all[i].Detector, value, 0);
        }
    }

    // The next find of each detector is kept: a value is gone through once by each, whatever the others find. Finds that overlap are one.
    private Hit Next(ReadOnlySpan<byte> value, Span<Hit> found, out Replacement replacement)
    {
        ReadOnlySpan<Search> all = searches.AsSpan();
        int first = -1;
        for (int i = 0; i < found.Length; i++)
        {
            first = found[i].IsThere && (first < 0 || found[i].Start < found[first].Start) ? i : first;
        }

        if (first < 0)
        {
            replacement = null!;
            return Hit.None;
        }

        int start = found[first].Start, end = found[first].End;
        replacement = all[first].Replacement;
        for (int i = 0; i < found.Length;)
        {
            if (!found[i].IsThere || found[i].Start >= end)
            {
                i++;
                continue;
            }

            // What one mask shows of the end may be what the other hides.
            replacement = ReferenceEquals(replacement, all[i].Replacement) || replacement.IsNull ? replacement
                : all[i].Replacement.IsNull ? all[i].Replacement : replacement.OfMade;
            bool isLonger = found[i].End > end;
            end = Math.Max(end, found[i].End);
            found[i] = Detectors.Find(all[i].Detector, value, Detectors.Resume(all[i].Detector, value, found[i]));
            // Others may begin within what it adds.
            i = isLonger ? 0 : i;
        }

        return new Hit(start, end - start);
    }
}
