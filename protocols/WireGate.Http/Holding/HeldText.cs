using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using WireGate.Core.Approvals;

namespace WireGate.Http.Holding;

/// <summary>A request as people read it: method and URL, its fields, and of its body what can be shown.</summary>
internal static class HeldText
{
    // With its offsets and characters that is what is shown of a text.
    private const int MostHex = 3 * 1024;
    private const int HexLine = 16;

    /// <summary>Writes it.</summary>
    /// <param name="head">As the upstream will get it, but for the credential.</param>
    /// <param name="body">All of it.</param>
    /// <param name="isSecure">It goes by TLS.</param>
    /// <returns>Null: its head is longer than what is shown. Of a body that is, the beginning is, and it says so.</returns>
    public static string? Of(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, bool isSecure)
    {
        // method SP target SP HTTP/1.1 CRLF Host: authority CRLF
        string[] lines = Encoding.Latin1.GetString(head).TrimEnd('\r', '\n').Split("\r\n");
        string[] start = lines[0].Split(' ');
        string authority = lines[1][(lines[1].IndexOf(' ', StringComparison.Ordinal) + 1)..];
        lines[0] = $"{start[0]} {(isSecure ? "https" : "http")}://{authority}{start[1]}";
        for (int i = 1; i < lines.Length; i++)
        {
            // It is somebody's way into what the upstream has of them: as the credential, it is for nobody to read.
            int colon = lines[i].IndexOf(':', StringComparison.Ordinal);
            lines[i] = lines[i].AsSpan(0, colon).Equals("Cookie", StringComparison.OrdinalIgnoreCase) ? $"{lines[i][..colon]}: ***" : lines[i];
        }

        // Fields are bytes: what is no ASCII in them may be UTF-8.
        string? shown = ApprovalDisplay.WholeOf(Encoding.Latin1.GetBytes(string.Join('\n', lines)));
        return shown is null || body.IsEmpty ? shown : $"{shown}\n\n{OfBody(body)}";
    }

    private static string OfBody(ReadOnlySpan<byte> body)
    {
        if (Utf8.IsValid(body) && !body.ContainsAnyInRange((byte)0, (byte)8) && !body.ContainsAnyInRange((byte)14, (byte)31))
        {
            return ApprovalDisplay.Of(body);
        }

        var text = new StringBuilder();
        for (int at = 0; at < Math.Min(body.Length, MostHex); at += HexLine)
        {
            ReadOnlySpan<byte> line = body.Slice(at, Math.Min(HexLine, body.Length - at));
            text.Append(CultureInfo.InvariantCulture, $"{at:x8}  ");
            foreach (byte one in line)
            {
                text.Append(CultureInfo.InvariantCulture, $"{one:x2} ");
            }

            text.Append(' ', (3 * (HexLine - line.Length)) + 1);
            foreach (byte one in line)
            {
                text.Append(one is >= 0x20 and < 0x7f ? (char)one : '.');
            }

            text.Append('\n');
        }

        int left = body.Length - MostHex;
        return left <= 0 ? text.ToString().TrimEnd('\n') : string.Create(
            CultureInfo.InvariantCulture,
            $"{text}*** TRUNCATED: {left} of {body.Length} bytes are not shown, sha256 {Convert.ToHexStringLower(SHA256.HashData(body))} ***");
    }
}
