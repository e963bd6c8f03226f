using System.Text;

namespace WireGate.Ssh.Transport;

/// <summary>Words of a peer, made harmless for a log or a terminal.</summary>
internal static class PeerText
{
    private const int MostBytes = 1024;

    /// <summary>As text, cut off, without characters that control.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        string text = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MostBytes)]);
        return string.Create(text.Length, text, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        });
    }

    /// <summary>As text with its lines and tabs, in full, without other characters that control.</summary>
    public static string Lines(ReadOnlySpan<byte> bytes) =>
        string.Concat(Encoding.UTF8.GetString(bytes).Where(c => !char.IsControl(c) || c is '\n' or '\r' or '\t'));
}
