using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials.Aws;

/// <summary>
/// Signs requests with AWS Signature Version 4: the very head that is sent, when everything else is written. What the client has said of a
/// signature of its own ends here.
/// </summary>
/// <param name="config">For what.</param>
/// <param name="accessKey">The access key id; owned.</param>
/// <param name="secretKey">The secret access key; owned.</param>
/// <param name="sessionToken">Owned; null: there is none.</param>
internal sealed class AwsSigner(AwsSigningConfig config, Secret accessKey, Secret secretKey, Secret? sessionToken) : IDisposable
{
    private const int HashLength = 32;
    private const string DateField = "x-amz-date", PayloadField = "x-amz-content-sha256", TokenField = "x-amz-security-token", Authorization = "authorization";

    private readonly Secret[] _forms = SecretForms.Kept(
        [
            .. SecretForms.Of(accessKey.Span), .. SecretForms.InCode(accessKey.Span),
            .. sessionToken is null ? [] : SecretForms.Of(sessionToken.Span), .. sessionToken is null ? [] : SecretForms.InCode(sessionToken.Span),
        ]);

    /// <summary>Whether a field is signed: what AWS demands, and nothing that may be another by the time it is looked at.</summary>
    public static bool IsSigned(string name) => name is "host" or "content-type" or "content-md5" || name.StartsWith("x-amz-", StringComparison.Ordinal);

    /// <summary>Writes a head without what is said of a signature: for people who are to see what would be sent.</summary>
    public static void WriteUnsigned(IBufferWriter<byte> output, ReadOnlySpan<byte> head)
    {
        WriteKept(output, head, out _);
        output.Write("Authorization: ***\r\n\r\n"u8);
    }

    /// <summary>Writes a head signed.</summary>
    /// <param name="output">To whom.</param>
    /// <param name="head">All of it, the empty line included.</param>
    /// <param name="payload">The payload's hash in hexadecimal, or what stands for it.</param>
    /// <param name="now">When it is sent.</param>
    /// <param name="isSigned">Whether a field is signed; null: see <see cref="IsSigned"/>.</param>
    /// <returns>What of it nobody is to see who gets the answer. Those before the last are borrowed.</returns>
    public Secret[] Write(
        IBufferWriter<byte> output, ReadOnlySpan<byte> head, string payload, DateTimeOffset now, Func<string, bool>? isSigned = null)
    {
        string date = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        string scope = $"{date[..8]}/{config.Region}/{config.Service}/aws4_request";
        using var signed = new SecretBuffer();
        WriteKept(signed, head, out bool hasPayload);
        signed.Write(Encoding.ASCII.GetBytes($"X-Amz-Date: {date}\r\n"));
        if (config.IsS3 || hasPayload)
        {
            signed.Write(Encoding.ASCII.GetBytes($"X-Amz-Content-Sha256: {payload}\r\n"));
        }

        if (sessionToken is not null)
        {
            signed.Write("X-Amz-Security-Token: "u8);
            signed.Write(sessionToken.Span);
            signed.Write("\r\n"u8);
        }

        using var canonical = new SecretBuffer();
        string names = CanonicalRequest.Write(canonical, signed.Span, isSigned ?? IsSigned, config.IsS3, payload);
        string hash = Convert.ToHexStringLower(SHA256.HashData(canonical.Span));
        Span<byte> key = stackalloc byte[HashLength];
        Derive(key, date[..8]);
        string signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}")));
        CryptographicOperations.ZeroMemory(key);

        output.Write(signed.Span);
        output.Write("Authorization: AWS4-HMAC-SHA256 Credential="u8);
        output.Write(accessKey.Span);
        output.Write(Encoding.ASCII.GetBytes($"/{scope}, SignedHeaders={names}, Signature={signature}\r\n\r\n"));

        // Good for a quarter of an hour to whoever can reach the upstream.
        return [.. _forms, Secret.CopyOf(Encoding.ASCII.GetBytes(signature))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        accessKey.Dispose();
        secretKey.Dispose();
        sessionToken?.Dispose();
        foreach (Secret form in _forms)
        {
            form.Dispose();
        }
    }

    // kSigning = HMAC(HMAC(HMAC(HMAC("AWS4" + kSecret, date), region), service), "aws4_request")
    private void Derive(Span<byte> key, string day)
    {
        using var first = new SecretBuffer();
        first.Write("AWS4"u8);
        first.Write(secretKey.Span);
        HMACSHA256.HashData(first.Span, Encoding.ASCII.GetBytes(day), key);
        HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(config.Region), key);
        HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(config.Service), key);
        HMACSHA256.HashData(key, "aws4_request"u8, key);
    }

    private static void WriteKept(IBufferWriter<byte> output, ReadOnlySpan<byte> head, out bool hasPayload)
    {
        hasPayload = false;
        for (ReadOnlySpan<byte> rest = head; rest.Length > 2;)
        {
            int end = rest.IndexOf("\r\n"u8) + 2;
            ReadOnlySpan<byte> line = rest[..end];
            int colon = line.IndexOf((byte)':');
            ReadOnlySpan<byte> name = rest.Length == head.Length || colon < 0 ? default : line[..colon];
            bool isPayload = Is(name, PayloadField);
            hasPayload |= isPayload;
            if (!isPayload && !Is(name, DateField) && !Is(name, TokenField) && !Is(name, Authorization))
            {
                output.Write(line);
            }

            rest = rest[end..];
        }
    }

    private static bool Is(ReadOnlySpan<byte> name, string field) => Ascii.EqualsIgnoreCase(name, field);
}
