using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Credentials;

namespace WireGate.Postgres.Authentication;

/// <summary>
/// SASLprep (RFC 4013) of a password, with the ways of PostgreSQL and libpq: an ASCII password is itself, control characters and all, and
/// one that may not be prepared (no UTF-8, prohibited, mixed directions) is used as it is.
/// </summary>
internal static class SaslPrep
{
    /// <returns>The prepared password, which the caller disposes.</returns>
    public static Secret Prepare(ReadOnlySpan<byte> password)
    {
        if (Ascii.IsValid(password))
        {
            return Secret.CopyOf(password);
        }

        int[] mapped = GC.AllocateUninitializedArray<int>(password.Length, pinned: true);
        int[] normalized = [];
        try
        {
            SaslPrepTables tables = SaslPrepTables.Instance;
            int length = Map(tables, password, mapped);
            if (length <= 0)
            {
                return Secret.CopyOf(password);
            }

            ReadOnlySpan<int> text = mapped.AsSpan(0, length);
            normalized = GC.AllocateUninitializedArray<int>(Normalization.DecomposedLength(tables, text), pinned: true);
            Normalization.Decompose(tables, text, normalized);
            ReadOnlySpan<int> composed = normalized.AsSpan(0, Normalization.Compose(tables, normalized));
            return IsAllowed(tables, composed) ? Encode(normalized, composed.Length) : Secret.CopyOf(password);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(mapped.AsSpan()));
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(normalized.AsSpan()));
        }
    }

    // RFC 4013 section 2.1. Returns -1 for what is no UTF-8, 0 for what is mapped to nothing altogether.
    private static int Map(SaslPrepTables tables, ReadOnlySpan<byte> password, Span<int> mapped)
    {
        int length = 0;
        while (!password.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(password, out Rune rune, out int consumed) != OperationStatus.Done)
            {
                return -1;
            }

            password = password[consumed..];
            if (tables.IsSpace(rune.Value))
            {
                mapped[length++] = ' ';
            }
            else if (!tables.IsNothing(rune.Value))
            {
                mapped[length++] = rune.Value;
            }
        }

        return length;
    }

    // RFC 4013 sections 2.3 to 2.5, RFC 3454 section 6.
    private static bool IsAllowed(SaslPrepTables tables, ReadOnlySpan<int> text)
    {
        bool hasRightToLeft = false;
        bool hasLeftToRight = false;
        foreach (int c in text)
        {
            if (tables.IsProhibited(c))
            {
                return false;
            }

            hasRightToLeft |= tables.IsRightToLeft(c);
            hasLeftToRight |= tables.IsLeftToRight(c);
        }

        return !hasRightToLeft || (!hasLeftToRight && tables.IsRightToLeft(text[0]) && tables.IsRightToLeft(text[^1]));
    }

    private static Secret Encode(int[] text, int count)
    {
        int length = 0;
        foreach (int c in text.AsSpan(0, count))
        {
            length += new Rune(c).Utf8SequenceLength;
        }

        return Secret.Create(length, (text, count), static (destination, source) =>
        {
            foreach (int c in source.text.AsSpan(0, source.count))
            {
                destination = destination[new Rune(c).EncodeToUtf8(destination)..];
            }
        });
    }
}
