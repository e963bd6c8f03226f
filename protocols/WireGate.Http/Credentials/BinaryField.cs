using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials;

/// <summary>Fields whose name ends with <c>-bin</c>: metadata of gRPC, which is base64 with or without padding; several values have commas between them.</summary>
internal static class BinaryField
{
    /// <summary>Whether a placeholder is in what one stands for.</summary>
    public static bool HasPlaceholder(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!Is(name))
        {
            return false;
        }

        byte[] text = ArrayPool<byte>.Shared.Rent(value.Length + 3);
        try
        {
            foreach (Range range in value.Split((byte)','))
            {
                if (TryDecode(value[range], text, out int length, out _) && PlaceholderToken.IsWithin(text.AsSpan(0, length)))
                {
                    return true;
                }
            }

            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text, clearArray: true);
        }
    }

    /// <summary>Overwrites what nobody is to see in what one stands for.</summary>
    public static void Scrub(ReadOnlySpan<byte> name, Span<byte> value, Scrubber scrubber)
    {
        ArgumentNullException.ThrowIfNull(scrubber);
        if (!Is(name))
        {
            return;
        }

        byte[] text = ArrayPool<byte>.Shared.Rent(value.Length + 3);
        byte[] again = ArrayPool<byte>.Shared.Rent(Base64.GetMaxEncodedToUtf8Length(value.Length));
        try
        {
            ReadOnlySpan<byte> whole = value;
            foreach (Range range in whole.Split((byte)','))
            {
                if (TryDecode(whole[range], text, out int length, out Range coded) && scrubber.Overwrite(text.AsSpan(0, length)))
                {
                    Base64.EncodeToUtf8(text.AsSpan(0, length), again, out _, out int written);
                    Span<byte> place = value[range][coded];

                    // Blanks within it make it longer than it has to be.
                    place.Fill((byte)'*');
                    again.AsSpan(0, Math.Min(written, place.Length)).CopyTo(place);
                }
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
            ArrayPool<byte>.Shared.Return(text);
            ArrayPool<byte>.Shared.Return(again, clearArray: true);
        }
    }

    private static bool Is(ReadOnlySpan<byte> name) => name.Length > 4 && Ascii.EqualsIgnoreCase(name[^4..], "-bin"u8);

    private static bool TryDecode(ReadOnlySpan<byte> value, Span<byte> text, out int length, out Range coded)
    {
        int start = value.IndexOfAnyExcept(" \t"u8);
        length = 0;
        coded = default;
        if (start < 0)
        {
            return false;
        }

        ReadOnlySpan<byte> bare = value[start..].TrimEnd("= \t"u8);
        coded = start..(start + bare.Length);
        int padded = 0;
        foreach (byte b in bare)
        {
            // Both alphabets (RFC 4648 sections 4 and 5), and what some decoders pass over.
            text[padded] = b switch { (byte)'-' => (byte)'+', (byte)'_' => (byte)'/', _ => b };
            padded += b is (byte)' ' or (byte)'\t' ? 0 : 1;
        }

        // With more characters, since some decoders pass over bits that the last one has too many, and this one does not.
        int missing = (4 - (padded % 4)) % 4;
        text.Slice(padded, missing).Fill((byte)'A');
        bool isOne = missing < 3 && Base64.DecodeFromUtf8InPlace(text[..(padded + missing)], out length) == OperationStatus.Done;
        length -= isOne ? missing : 0;
        return isOne;
    }
}
