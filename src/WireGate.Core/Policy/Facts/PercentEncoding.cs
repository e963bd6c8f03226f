using System.Buffers;
using System.Text;

namespace WireGate.Core.Policy.Facts;

/// <summary>The escapes of URLs: <c>%</c> and two hexadecimal digits for a byte.</summary>
internal static class PercentEncoding
{
    /// <summary>Text without its escapes.</summary>
    /// <param name="written">What may have escapes.</param>
    /// <param name="plusIsBlank">As forms have it.</param>
    /// <param name="encoding">What the bytes are text in; one that throws says no by it.</param>
    /// <returns>Null: a <c>%</c> begins no escape, or the bytes are no text.</returns>
    internal static string? Decode(ReadOnlySpan<byte> written, bool plusIsBlank, Encoding encoding)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(written.Length);
        try
        {
            int length = 0;
            for (int i = 0; i < written.Length; i++)
            {
                byte b = written[i];
                if (b == '%')
                {
                    if (i + 2 >= written.Length || !char.IsAsciiHexDigit((char)written[i + 1]) || !char.IsAsciiHexDigit((char)written[i + 2]))
                    {
                        return null;
                    }

                    b = (byte)((ValueOf(written[i + 1]) << 4) | ValueOf(written[i + 2]));
                    i += 2;
                }
                else if (b == '+' && plusIsBlank)
                {
                    b = (byte)' ';
                }

                bytes[length++] = b;
            }

            return encoding.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static int ValueOf(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
