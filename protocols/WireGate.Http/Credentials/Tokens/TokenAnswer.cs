using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials.Tokens;

/// <summary>What was answered to whoever asked for a token.</summary>
/// <param name="endpoint">By whom.</param>
/// <param name="code">Its status.</param>
/// <param name="isJson">Its type says that it is JSON, and it is not compressed.</param>
internal sealed class TokenAnswer(HttpEndpoint endpoint, int code, bool isJson) : IDisposable
{
    // Entra's tokens with many groups have five thousand, and a head of which one is a part has to be taken by somebody.
    private const int MostToken = 16 * 1024;

    // RFC 6749 section 5.2, RFC 8707 section 2. What else may stand there may be anything, also what we sent.
    private static readonly string[] Known =
    [
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "invalid_target",
        "access_denied", "server_error", "temporarily_unavailable",
    ];

    /// <summary>Its status.</summary>
    public int Code => code;

    /// <summary>Its body.</summary>
    public SecretBuffer Body { get; } = new();

    /// <summary>It is not the status that was hoped for. In words of ours: what was answered may hold what was sent.</summary>
    /// <exception cref="TokenRefusedException">What was shown may be why.</exception>
    /// <exception cref="SecretUnavailableException">It is not.</exception>
    [DoesNotReturn]
    public void Fail()
    {
        string message = $"{endpoint}: answered {code}{(ErrorIn(Body.Span) is { } error ? $" ({error})" : "")}";
        throw code is 400 or 401 or 403 ? new TokenRefusedException(message) : new SecretUnavailableException(message);
    }

    /// <summary>Reads an object strictly: JSON all of it, and what it says of the wanted members it says once.</summary>
    /// <param name="tokenName">Of the member that is the token.</param>
    /// <param name="lifeName">Of the member that says how long it is good, as a number of seconds or as text.</param>
    /// <param name="typeName">Of the member that says how it is shown, which is "Bearer"; null: there is none.</param>
    /// <param name="life">What that says; null: nothing.</param>
    /// <returns>The token. Owned by the caller.</returns>
    /// <exception cref="SecretUnavailableException">It is not such an answer.</exception>
    public Secret Read(string tokenName, string lifeName, string? typeName, out string? life)
    {
        life = null;
        if (!isJson)
        {
            throw new SecretUnavailableException($"{endpoint}: answered with something that is not called JSON");
        }

        Secret? token = null;
        try
        {
            bool isBearer = typeName is null, hasLife = false;
            var json = new Utf8JsonReader(Body.Span);
            Expect(json.Read() && json.TokenType == JsonTokenType.StartObject);
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals(tokenName))
                {
                    Expect(token is null && json.Read() && json.TokenType == JsonTokenType.String);
                    token = TokenOf(json);
                }
                else if (json.ValueTextEquals(lifeName))
                {
                    Expect(!hasLife && json.Read() && json.TokenType is JsonTokenType.String or JsonTokenType.Number);
                    hasLife = true;
                    life = json.TokenType == JsonTokenType.String ? json.GetString() : json.GetDecimal().ToString(CultureInfo.InvariantCulture);
                }
                else if (typeName is not null && json.ValueTextEquals(typeName))
                {
                    Expect(!isBearer && json.Read() && json.TokenType == JsonTokenType.String);
                    isBearer = string.Equals(json.GetString(), "Bearer", StringComparison.OrdinalIgnoreCase);
                    Expect(isBearer);
                }
                else
                {
                    json.Skip();
                }
            }

            // Another value behind it is refused by the reader.
            Expect(json.TokenType == JsonTokenType.EndObject && !json.Read() && token is not null && isBearer);
            Secret read = token!;
            token = null;
            return read;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new SecretUnavailableException($"{endpoint}: gave no answer that can be understood");
        }
        finally
        {
            token?.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Body.Dispose();

    private static void Expect(bool isSo)
    {
        if (!isSo)
        {
            throw new JsonException();
        }
    }

    // 1*VSCHAR (RFC 6749 appendix A.12), of which RFC 6750 lets a bearer token have fewer; a blank would end it.
    private static Secret TokenOf(in Utf8JsonReader json)
    {
        Expect(json.ValueSpan.Length is > 0 and <= MostToken);
        using var text = new SecretBuffer();
        text.Advance(json.CopyString(text.GetSpan(json.ValueSpan.Length)));
        Expect(text.Length > 0 && !text.Span.ContainsAnyExceptInRange((byte)'!', (byte)'~'));
        return text.ToSecret();
    }

    private static string? ErrorIn(ReadOnlySpan<byte> body)
    {
        try
        {
            var json = new Utf8JsonReader(body);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                bool isError = json.ValueTextEquals("error"u8);
                if (isError && json.Read() && json.TokenType == JsonTokenType.String)
                {
                    foreach (string known in Known)
                    {
                        if (json.ValueTextEquals(known))
                        {
                            return known;
                        }
                    }

                    return null;
                }

                json.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It says nothing that we know.
        }

        return null;
    }
}
