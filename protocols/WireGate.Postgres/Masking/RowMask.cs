using System.Buffers.Binary;
using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
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
}

/// <summary>A detector and what stands in place of what it finds.</summary>
internal readonly record struct Search(MaskDetector Detector, Replacement Replacement);

/// <summary>What becomes of the rows of one result. Immutable; allocates nothing for a row.</summary>
internal sealed class RowMask(ImmutableArray<ColumnMask> columns, ImmutableArray<Search> searches)
{
    private const int NullLength = -1;

    /// <summary>All of it may pass as it is.</summary>
    public bool IsClean { get; } = columns.All(c => c.IsClean);

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
            if (length == NullLength)
            {
                output.Int32(NullLength);
                continue;
            }

            ReadOnlySpan<byte> value = reader.ReadBytes(length);
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
                if (column is { Kind: ValueKind.Jsonb, IsBinary: true })
                {
                    output.Byte(1);
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
        Span<Hit> found = stackalloc Hit[searches.Length];
        found.Fill(new Hit(-1, 1));
        int at = 0;
        while (First(value, at, found, out Replacement? replacement) is { IsThere: true } hit)
        {
            if (column.Kind != ValueKind.Text || replacement!.IsNull)
            {
                // A part of it cannot be replaced without breaking its form.
                return Replace(replacement!, column, value, output);
            }

            output.Bytes(value[at..hit.Start]);
            replacement.WriteText(output, value.Slice(hit.Start, hit.Length));
            at = hit.End;
        }

        output.Bytes(value[at..]);
        return true;
    }

    /// <summary>Whether detectors find anything.</summary>
    public bool Finds(ReadOnlySpan<byte> value)
    {
        Span<Hit> found = stackalloc Hit[searches.Length];
        found.Fill(new Hit(-1, 1));
        return First(value, 0, found, out _).IsThere;
    }

    // What a detector found farther on is kept: a value is gone through once by each, whatever the others find.
    private Hit First(ReadOnlySpan<byte> value, int from, Span<Hit> found, out Replacement? replacement)
    {
        Hit first = Hit.None;
        replacement = null;
        ReadOnlySpan<Search> all = searches.AsSpan();
        for (int i = 0; i < all.Length; i++)
        {
            if (found[i].IsThere && found[i].Start < from)
            {
                found[i] = Detectors.Find(all[i].Detector, value, from);
            }

            if (found[i].IsThere && (!first.IsThere || found[i].Start < first.Start))
            {
                (first, replacement) = (found[i], all[i].Replacement);
            }
        }

        return first;
    }
}
