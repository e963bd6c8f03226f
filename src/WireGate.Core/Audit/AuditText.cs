using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;

namespace WireGate.Core.Audit;

/// <summary>
/// Renders foreign text for the audit log, in ASCII: control characters, line separators, escape sequences and what changes the writing
/// direction come out as <c>\uXXXX</c>; bytes that are no UTF-8 as the replacement character.
/// </summary>
public static class AuditText
{
    private const int LongestEscape = 6;

    /// <summary>Characters that come out as they are, which most texts have only.</summary>
    internal const string Plain = " !#$%()*,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";

    /// <summary>Writes a JSON string, quotes included.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="utf8">The text; need not be valid.</param>
    public static void WriteString(IBufferWriter<byte> output, ReadOnlySpan<byte> utf8)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.Write("\""u8);
        while (!utf8.IsEmpty)
        {
            int plain = JavaScriptEncoder.Default.FindFirstCharacterToEncodeUtf8(utf8);
            if (plain != 0)
            {
                ReadOnlySpan<byte> run = plain < 0 ? utf8 : utf8[..plain];
                output.Write(run);
                utf8 = utf8[run.Length..];
                continue;
            }

            // One character that is not ASCII may be a pair of surrogates: two escapes.
            Rune.DecodeFromUtf8(utf8, out _, out int consumed);
            Span<byte> escaped = output.GetSpan(2 * LongestEscape);
            JavaScriptEncoder.Default.EncodeUtf8(utf8[..consumed], escaped, out _, out int written);
            output.Advance(written);
            utf8 = utf8[consumed..];
        }

        output.Write("\""u8);
    }
}
