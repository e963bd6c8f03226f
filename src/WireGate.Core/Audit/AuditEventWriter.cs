using System.Buffers;
using System.Buffers.Text;
using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;

namespace WireGate.Core.Audit;

/// <summary>
/// Writes an event as one line of JSON in ASCII: control characters, line separators, escape sequences and what changes the writing
/// direction come out as <c>\uXXXX</c>, so that neither a terminal nor a log shipper is misled by what a client asked for.
/// </summary>
internal static class AuditEventWriter
{
    /// <summary>Characters of a value that are kept: more than any name of ours, enough to see what was tried.</summary>
    public const int MaxText = 1024;

    /// <summary>Characters of a group's or a claim's name, and of a claim's value, that are kept.</summary>
    public const int MaxGroupText = 128;

    /// <summary>Characters of a certificate's key id that are kept.</summary>
    public const int MaxKeyIdText = 256;

    /// <summary>Groups that are kept: with the values above, the escaped event stays below <see cref="RecordFormat.MaxPayload"/>.</summary>
    public const int MaxGroups = 64;

    /// <summary>Claims that are kept: as many as may be minted.</summary>
    public const int MaxClaims = MintRules.MaxClaims;

    private static ReadOnlySpan<byte> TimePrefix => "{\"time\":\""u8;

    private static readonly JsonEncodedText Event = JsonEncodedText.Encode("event");
    private static readonly JsonEncodedText Time = JsonEncodedText.Encode("time");
    private static readonly JsonEncodedText Session = JsonEncodedText.Encode("session");
    private static readonly JsonEncodedText Listener = JsonEncodedText.Encode("listener");
    private static readonly JsonEncodedText Source = JsonEncodedText.Encode("source");
    private static readonly JsonEncodedText Identity = JsonEncodedText.Encode("identity");
    private static readonly JsonEncodedText Issuer = JsonEncodedText.Encode("issuer");
    private static readonly JsonEncodedText Subject = JsonEncodedText.Encode("subject");
    private static readonly JsonEncodedText Groups = JsonEncodedText.Encode("groups");
    private static readonly JsonEncodedText Claims = JsonEncodedText.Encode("claims");
    private static readonly JsonEncodedText Placeholder = JsonEncodedText.Encode("placeholder");
    private static readonly JsonEncodedText Key = JsonEncodedText.Encode("key");
    private static readonly JsonEncodedText Certificate = JsonEncodedText.Encode("certificate");
    private static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText Serial = JsonEncodedText.Encode("serial");
    private static readonly JsonEncodedText Authority = JsonEncodedText.Encode("authority");
    private static readonly JsonEncodedText Method = JsonEncodedText.Encode("method");
    private static readonly JsonEncodedText Target = JsonEncodedText.Encode("target");
    private static readonly JsonEncodedText Login = JsonEncodedText.Encode("login");
    private static readonly JsonEncodedText Grant = JsonEncodedText.Encode("grant");
    private static readonly JsonEncodedText Database = JsonEncodedText.Encode("database");
    private static readonly JsonEncodedText Protocol = JsonEncodedText.Encode("protocol");
    private static readonly JsonEncodedText Host = JsonEncodedText.Encode("host");
    private static readonly JsonEncodedText Application = JsonEncodedText.Encode("application");
    private static readonly JsonEncodedText Tls = JsonEncodedText.Encode("tls");
    private static readonly JsonEncodedText Approval = JsonEncodedText.Encode("approval");
    private static readonly JsonEncodedText Digest = JsonEncodedText.Encode("digest");
    private static readonly JsonEncodedText Rule = JsonEncodedText.Encode("rule");
    private static readonly JsonEncodedText Config = JsonEncodedText.Encode("config");
    private static readonly JsonEncodedText End = JsonEncodedText.Encode("end");
    private static readonly JsonEncodedText Reference = JsonEncodedText.Encode("ref");
    private static readonly JsonEncodedText Detail = JsonEncodedText.Encode("detail");
    private static readonly JsonEncodedText Actor = JsonEncodedText.Encode("actor");
    private static readonly JsonEncodedText ClientBytes = JsonEncodedText.Encode("clientBytes");
    private static readonly JsonEncodedText Answers = JsonEncodedText.Encode("answers");
    private static readonly JsonEncodedText UpstreamBytes = JsonEncodedText.Encode("upstreamBytes");
    private static readonly JsonEncodedText DurationMs = JsonEncodedText.Encode("durationMs");
    private static readonly JsonEncodedText[] Kinds = KebabCase<AuditEventKind>();
    private static readonly JsonEncodedText[] Ends = KebabCase<SessionEnd>();

    public static void Write(Utf8JsonWriter json, AuditEvent auditEvent, DateTimeOffset time)
    {
        json.WriteStartObject();
        json.WriteString(Time, time.UtcDateTime);
        json.WriteString(Event, Kinds[(int)auditEvent.Kind]);
        Write(json, Session, auditEvent.Session);
        Write(json, Listener, auditEvent.Listener);
        Write(json, Source, auditEvent.Source);
        Write(json, Identity, auditEvent.Identity);
        Write(json, Placeholder, auditEvent.Placeholder);
        WriteFingerprint(json, Key, auditEvent.Key);
        Write(json, Certificate, auditEvent.Certificate);
        Write(json, Method, auditEvent.Method);
        Write(json, Target, auditEvent.Target);
        Write(json, Login, auditEvent.Login);
        Write(json, Grant, auditEvent.Grant);
        Write(json, Database, auditEvent.Database);
        Write(json, Protocol, auditEvent.Protocol);
        Write(json, Host, auditEvent.Host);
        Write(json, Application, auditEvent.Application);
        if (auditEvent.IsTls is { } isTls)
        {
            json.WriteBoolean(Tls, isTls);
        }

        Write(json, Approval, auditEvent.Approval);
        Write(json, Digest, auditEvent.Digest);
        Write(json, Rule, auditEvent.Rule);
        Write(json, Config, auditEvent.Config);
        if (auditEvent.End != SessionEnd.None)
        {
            json.WriteString(End, Ends[(int)auditEvent.End]);
        }

        Write(json, Reference, auditEvent.Reference);
        Write(json, Detail, auditEvent.Detail);
        Write(json, Actor, auditEvent.Actor);
        Write(json, ClientBytes, auditEvent.ClientBytes);
        Write(json, UpstreamBytes, auditEvent.UpstreamBytes);
        Write(json, Answers, auditEvent.Answers);
        Write(json, DurationMs, (long?)auditEvent.Duration?.TotalMilliseconds);
        json.WriteEndObject();
        json.Flush();
    }

    /// <summary>The same with members that are rendered already; see <see cref="IAuditLog.Append(ReadOnlySpan{byte})"/>.</summary>
    public static void Write(RecordBuffer buffer, ReadOnlySpan<byte> members, DateTimeOffset time)
    {
        const int LongestTime = 33;
        Span<byte> bytes = buffer.GetSpan(TimePrefix.Length + LongestTime + 2 + members.Length + 1);
        TimePrefix.CopyTo(bytes);
        int length = TimePrefix.Length;
        Utf8Formatter.TryFormat(time.UtcDateTime, bytes[length..], out int written, new StandardFormat('O'));
        length += written;
        bytes[length++] = (byte)'"';
        bytes[length++] = (byte)',';
        members.CopyTo(bytes[length..]);
        length += members.Length;
        bytes[length++] = (byte)'}';
        buffer.Advance(length);
    }

    private static void Write(Utf8JsonWriter json, JsonEncodedText name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    /// <summary>The serial as text: a number of 64 bits is more than many readers of JSON keep.</summary>
    private static void Write(Utf8JsonWriter json, JsonEncodedText name, CallerCertificate? certificate)
    {
        if (certificate is null)
        {
            return;
        }

        json.WriteStartObject(name);
        Write(json, Id, certificate.KeyId, MaxKeyIdText);
        Write(json, Serial, certificate.Serial.ToString(CultureInfo.InvariantCulture));
        WriteFingerprint(json, Authority, certificate.Authority);
        json.WriteEndObject();
    }

    private static void WriteFingerprint(Utf8JsonWriter json, JsonEncodedText name, string? fingerprint)
    {
        if (fingerprint is not null)
        {
            Write(json, name, fingerprint, MaxGroupText);
        }
    }

    private static void Write(Utf8JsonWriter json, JsonEncodedText name, Identity? identity)
    {
        if (identity is null)
        {
            return;
        }

        json.WriteStartObject(name);
        Write(json, Issuer, identity.Issuer);
        Write(json, Subject, identity.Subject);
        if (!identity.Groups.IsDefaultOrEmpty)
        {
            json.WriteStartArray(Groups);
            for (int i = 0; i < identity.Groups.Length && i < MaxGroups; i++)
            {
                Write(json, null, identity.Groups[i], MaxGroupText);
            }

            if (identity.Groups.Length > MaxGroups)
            {
                WriteCut(json, null, default, identity.Groups.Length - MaxGroups);
            }

            json.WriteEndArray();
        }

        if (identity.Claims.Count > 0)
        {
            Write(json, identity.Claims);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, FrozenDictionary<string, string> claims)
    {
        int kept = 0;
        json.WriteStartObject(Claims);
        foreach ((string name, string value) in claims)
        {
            if (kept++ < MaxClaims)
            {
                json.WritePropertyName(name.AsSpan(0, Kept(name, MaxGroupText)));
                Write(json, null, value, MaxGroupText);
            }
        }

        if (kept > MaxClaims)
        {
            json.WritePropertyName("");
            WriteCut(json, null, default, kept - MaxClaims);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, JsonEncodedText name, string? value)
    {
        if (value is not null)
        {
            Write(json, name, value, MaxText);
        }
    }

    private static void Write(Utf8JsonWriter json, JsonEncodedText? name, ReadOnlySpan<char> value, int max)
    {
        if (value.Length > max)
        {
            int kept = Kept(value, max);
            WriteCut(json, name, value[..kept], value.Length - kept);
        }
        else if (name is { } member)
        {
            json.WriteString(member, value);
        }
        else
        {
            json.WriteStringValue(value);
        }
    }

    /// <summary>How much of a text is kept; never half of a character.</summary>
    private static int Kept(ReadOnlySpan<char> text, int max) => text.Length <= max ? text.Length : char.IsHighSurrogate(text[max - 1]) ? max - 1 : max;

    /// <summary>A value that was cut ends in <c>…+N</c>, N being how much is missing.</summary>
    private static void WriteCut(Utf8JsonWriter json, JsonEncodedText? name, ReadOnlySpan<char> kept, int missing)
    {
        Span<char> text = stackalloc char[MaxText + 16];
        kept.CopyTo(text);
        "…+".CopyTo(text[kept.Length..]);
        missing.TryFormat(text[(kept.Length + 2)..], out int digits, default, null);
        text = text[..(kept.Length + 2 + digits)];
        if (name is { } member)
        {
            json.WriteString(member, text);
        }
        else
        {
            json.WriteStringValue(text);
        }
    }

    private static JsonEncodedText[] KebabCase<T>()
        where T : struct, Enum =>
        [.. Enum.GetNames<T>().Select(name => JsonEncodedText.Encode(JsonNamingPolicy.KebabCaseLower.ConvertName(name)))];
}
