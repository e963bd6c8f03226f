using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials.Tokens;

/// <summary>
/// Tokens of an installation of a GitHub App: whoever shows a JWT that the App's key has signed gets one that is good for an hour.
/// </summary>
/// <param name="config">Which App and installation, and how narrow.</param>
/// <param name="client">Asks.</param>
/// <param name="time">The clock, which goes into the JWT.</param>
internal sealed class GitHubAppIssuer(GitHubAppConfig config, TokenClient client, TimeProvider time) : ITokenIssuer
{
    // GitHub's own advice: a minute back, because clocks differ, and ten minutes at most.
    private static readonly TimeSpan Back = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(9);

    // What it says itself. A clock of ours that is behind would make it more.
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    public async ValueTask<IssuedToken> IssueAsync(Secret secret, CancellationToken cancellationToken)
    {
        using var fields = new SecretBuffer();
        fields.Write("Accept: application/vnd.github+json\r\nX-GitHub-Api-Version: 2022-11-28\r\nContent-Type: application/json\r\nAuthorization: Bearer "u8);
        WriteJwt(fields, secret);
        fields.Write("\r\n"u8);
        string path = $"{config.Endpoint.Path.TrimEnd('/')}/app/installations/{config.Installation}/access_tokens";
        using TokenAnswer answer = await client.PostAsync(path, fields.Memory, Wanted(), cancellationToken);
        if (answer.Code != 201)
        {
            answer.Fail();
        }

        Secret token = answer.Read("token", "expires_at", null, out string? ends);
        bool isTime = DateTimeOffset.TryParseExact(
            ends, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset end);
        TimeSpan life = end - time.GetUtcNow();
        if (!isTime || life <= TimeSpan.Zero)
        {
            token.Dispose();
            throw new SecretUnavailableException(isTime
                ? $"{config.Endpoint}: gave a token that has ended by this machine's clock"
                : $"{config.Endpoint}: gave a token that is good for no time that can be understood");
        }

        return new IssuedToken(token, life < Longest ? life : Longest);
    }

    // header "." claims "." signature, each in base64url (RFC 7515 section 3.1)
    private void WriteJwt(SecretBuffer output, Secret key)
    {
        using var jwt = new SecretBuffer();
        WriteBase64Url(jwt, """{"alg":"RS256","typ":"JWT"}"""u8);
        jwt.Write("."u8);
        var claims = new ArrayBufferWriter<byte>();
        DateTimeOffset now = time.GetUtcNow();
        using (var json = new Utf8JsonWriter(claims))
        {
            json.WriteStartObject();
            json.WriteNumber("iat", (now - Back).ToUnixTimeSeconds());
            json.WriteNumber("exp", (now + Ahead).ToUnixTimeSeconds());
            json.WriteString("iss", config.App);
            json.WriteEndObject();
        }

        WriteBase64Url(jwt, claims.WrittenSpan);
        byte[] signature = Sign(jwt.Span, key);
        jwt.Write("."u8);
        WriteBase64Url(jwt, signature);
        output.Write(jwt.Span);
    }

    /// <exception cref="SecretUnavailableException">The secret is no such key.</exception>
    private byte[] Sign(ReadOnlySpan<byte> text, Secret key)
    {
        char[] pem = GC.AllocateUninitializedArray<char>(key.Length, pinned: true);
        try
        {
            Encoding.Latin1.GetChars(key.Span, pem);
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return rsa.SignData(text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            // What the platform says may quote it.
            throw new SecretUnavailableException(
                $"the key of the GitHub App {config.App} is no private key of RSA in PEM, or one that is encrypted: take what GitHub gave as it is");
        }
        finally
        {
            Array.Clear(pem);
        }
    }

    private byte[] Wanted()
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            if (!config.Repositories.IsEmpty)
            {
                json.WriteStartArray("repositories");
                foreach (string repository in config.Repositories)
                {
                    json.WriteStringValue(repository);
                }

                json.WriteEndArray();
            }

            if (!config.Permissions.IsEmpty)
            {
                json.WriteStartObject("permissions");
                foreach ((string name, string access) in config.Permissions)
                {
                    json.WriteString(name, access);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }

    private static void WriteBase64Url(SecretBuffer output, ReadOnlySpan<byte> bytes)
    {
        Base64Url.EncodeToUtf8(bytes, output.GetSpan(Base64Url.GetEncodedLength(bytes.Length)), out _, out int length);
        output.Advance(length);
    }
}
