using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;

namespace WireGate.Core.Audit;

/// <summary>
/// The escapes of the audit log: what JSON needs, and all that is no printable ASCII, as <c>\uXXXX</c>. What is only dangerous within HTML stays as it is:
/// people and their tools read the log, and a path of a URL is full of it.
/// </summary>
internal sealed class AuditEncoder : JavaScriptEncoder
{
    /// <summary>Characters that come out as they are, which most texts have only.</summary>
    internal const string Plain = " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~";

    private static readonly SearchValues<char> PlainText = SearchValues.Create(Plain);
    private static readonly SearchValues<byte> PlainBytes = SearchValues.Create(Encoding.ASCII.GetBytes(Plain));

    private AuditEncoder()
    {
    }

    /// <summary>The one instance; it has no state.</summary>
    public static AuditEncoder Instance { get; } = new();

    /// <summary>A pair of surrogates: two escapes.</summary>
    public override int MaxOutputCharactersPerInputCharacter => 12;

    /// <summary>Whether there is nothing to escape.</summary>
    public static bool IsPlain(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(PlainText);

    /// <inheritdoc cref="IsPlain(ReadOnlySpan{char})"/>
    public static bool IsPlain(ReadOnlySpan<byte> utf8) => !utf8.ContainsAnyExcept(PlainBytes);

    /// <inheritdoc/>
    public override bool WillEncode(int unicodeScalar) => unicodeScalar > char.MaxValue || !PlainText.Contains((char)unicodeScalar);

    /// <inheritdoc/>
    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text) => utf8Text.IndexOfAnyExcept(PlainBytes);

    /// <inheritdoc/>
    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength) => new ReadOnlySpan<char>(text, textLength).IndexOfAnyExcept(PlainText);

    /// <inheritdoc/>
    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var output = new Span<char>(buffer, bufferLength);
        numberOfCharactersWritten = 0;
        if (unicodeScalar == '"')
        {
            numberOfCharactersWritten = "\\\"".TryCopyTo(output) ? 2 : 0;
        }
        else if (WillEncode(unicodeScalar))
        {
            return Default.TryEncodeUnicodeScalar(unicodeScalar, buffer, bufferLength, out numberOfCharactersWritten);
        }
        else if (!output.IsEmpty)
        {
            output[0] = (char)unicodeScalar;
            numberOfCharactersWritten = 1;
        }

        return numberOfCharactersWritten > 0;
    }
}
