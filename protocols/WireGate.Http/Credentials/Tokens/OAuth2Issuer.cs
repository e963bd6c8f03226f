using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials.Tokens;

/// <summary>OAuth 2.0 for a client itself (RFC 6749 section 4.4).</summary>
/// <param name="config">Who asks, for what.</param>
/// <param name="client">Asks.</param>
internal sealed class OAuth2Issuer(OAuth2TokenConfig config, TokenClient client) : ITokenIssuer
{
    // RFC 6749 section 5.1 recommends to say it. What a server means that does not, its answers to requests tell.
    private static readonly TimeSpan Unsaid = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public async ValueTask<IssuedToken> IssueAsync(Secret secret, CancellationToken cancellationToken)
    {
        using var fields = new SecretBuffer();
        using var form = new SecretBuffer();
        fields.Write("Accept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\n"u8);
        form.Write("grant_type=client_credentials"u8);
        ReadOnlySpan<byte> shown = secret.Span.TrimEnd("\r\n"u8);
        if (config.Method == OAuth2Method.Basic)
        {
            WriteBasic(fields, shown);
        }
        else
        {
            WriteField(form, "client_id", Encoding.UTF8.GetBytes(config.Client));
            WriteField(form, "client_secret", shown);
        }

        if (!config.Scope.IsEmpty)
        {
            WriteField(form, "scope", Encoding.UTF8.GetBytes(string.Join(' ', config.Scope)));
        }

        if (config.Audience is { } audience)
        {
            WriteField(form, "audience", Encoding.UTF8.GetBytes(audience));
        }

        using TokenAnswer answer = await client.PostAsync(config.Endpoint.Path, fields.Memory, form.Memory, cancellationToken);
        if (answer.Code != 200)
        {
            answer.Fail();
        }

        Secret token = answer.Read("access_token", "expires_in", "token_type", out string? life);
        if (life is null)
        {
            return new IssuedToken(token, Unsaid);
        }

        // RFC 6749 section 5.1 has a number; there are servers that give 3600.0, or text.
        if (!decimal.TryParse(life, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal seconds) || seconds is < 1 or > int.MaxValue)
        {
            token.Dispose();
            throw new SecretUnavailableException($"{config.Endpoint}: gave a token that is good for no time that can be understood");
        }

        return new IssuedToken(token, TimeSpan.FromSeconds((int)seconds));
    }

    // Section 2.3.1: both halves as in a form, then as Basic has them.
    private void WriteBasic(SecretBuffer fields, ReadOnlySpan<byte> secret)
    {
        using var pair = new SecretBuffer();
        FormText.Write(pair, Encoding.UTF8.GetBytes(config.Client));
        pair.Write(":"u8);
        FormText.Write(pair, secret);
        fields.Write("Authorization: Basic "u8);
        Base64.EncodeToUtf8(pair.Span, fields.GetSpan(Base64.GetMaxEncodedToUtf8Length(pair.Length)), out _, out int length);
        fields.Advance(length);
        fields.Write("\r\n"u8);
    }

    private static void WriteField(SecretBuffer form, string name, ReadOnlySpan<byte> value)
    {
        form.Write("&"u8);
        form.Write(Encoding.ASCII.GetBytes(name));
        form.Write("="u8);
        FormText.Write(form, value);
    }
}
