using System.Buffers;

namespace WireGate.Http.Credentials;

/// <summary>Text as forms and queries have it: unreserved bytes as they are, all else as <c>%XX</c>, so that both kinds of reader read the same.</summary>
internal static class FormText
{
    private static readonly SearchValues<byte> Unreserved = SearchValues.Create("-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>Writes it.</summary>
    /// <param name="output">To whom.</param>
    /// <param name="text">What it says.</param>
    /// <param name="keepsSlash">A slash is one of those that stay.</param>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> text, bool keepsSlash = false)
    {
        foreach (byte b in text)
        {
            Span<byte> at = output.GetSpan(3);
            if (Unreserved.Contains(b) || (keepsSlash && b == '/'))
            {
                at[0] = b;
                output.Advance(1);
                continue;
            }

            at[0] = (byte)'%';
            at[1] = (byte)"0123456789ABCDEF"[b >> 4];
            at[2] = (byte)"0123456789ABCDEF"[b & 15];
            output.Advance(3);
        }
    }
}
