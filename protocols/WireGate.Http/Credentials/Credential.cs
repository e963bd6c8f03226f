using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials.Aws;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Http1;

namespace WireGate.Http.Credentials;

/// <summary>What a login puts into requests: the field line with the real credential in it, or a parameter. Erased when it is disposed of.</summary>
internal sealed class Credential : IDisposable
{
    // Of "Basic " and its blank.
    private const int SchemeLength = 6;

    private readonly HttpSurface _surface;
    private readonly byte[] _name;
    private readonly Secret _written;
    private AwsSigner? _signer;

    private Credential(HttpSurface surface, byte[] name, Secret written) => (_surface, _name, _written) = (surface, name, written);

    /// <summary>What a login puts into requests that has shown a certificate: nothing.</summary>
    public static Credential Nothing { get; } = new(HttpSurface.ClientCertificate, [], Secret.CopyOf([]));

    /// <summary>All ways in which an upstream may write the secret back; borrowed.</summary>
    public Secret[] Forms { get; private init; } = [];

    /// <summary>Name of the field that it stands in; empty: in none.</summary>
    public ReadOnlySpan<byte> FieldName => _surface switch { HttpSurface.Query => default, HttpSurface.Cookie => "Cookie"u8, _ => _name };

    /// <summary>Name of the cookie that it is, which the upstream sets for nobody else; null: it is none.</summary>
    public byte[]? CookieName => _surface == HttpSurface.Cookie ? _name : null;

    /// <summary>Name of the field that no table of HPACK may remember; empty: Authorization, or none.</summary>
    public ReadOnlySpan<byte> SensitiveName => _surface == HttpSurface.Signature ? "X-Amz-Security-Token"u8 : FieldName;

    /// <summary>It proves who uses a connection, and not who asks: nothing else is asked on that.</summary>
    public bool BindsConnection => _surface == HttpSurface.Header && ResponseHead.IsOfConnection(_written.Span);

    /// <summary>It stands in the request target.</summary>
    public bool IsInTarget => _surface == HttpSurface.Query;

    /// <summary>What signs requests for AWS.</summary>
    /// <param name="login">The login.</param>
    /// <param name="secrets">Access key id, secret access key, and the session token if there is one; borrowed.</param>
    /// <returns>Null: one of them cannot be what it should be.</returns>
    public static Credential? OfAws(HttpLoginConfig login, params ReadOnlySpan<Secret> secrets)
    {
        using var all = new SecretBuffer();
        var parts = new Secret[secrets.Length];
        for (int i = 0; i < secrets.Length; i++)
        {
            ReadOnlySpan<byte> text = secrets[i].Span.TrimEnd("\r\n"u8);
            if (text.IsEmpty || text.ContainsAnyExceptInRange((byte)'!', (byte)'~') || (i == 0 && text.ContainsAny("/,"u8)))
            {
                return null;
            }

            all.Write(text);
            all.Write("\n"u8);
        }

        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = Secret.CopyOf(secrets[i].Span.TrimEnd("\r\n"u8));
        }

        return new Credential(login.Surface, [], all.ToSecret()) { _signer = new AwsSigner(login.Aws!, parts[0], parts[1], parts.Length > 2 ? parts[2] : null) };
    }

    /// <summary>Writes down what a login says with a secret.</summary>
    /// <returns>Null: the secret cannot stand there; it has a byte that ends a line, or none at all.</returns>
    public static Credential? Of(HttpLoginConfig login, Secret secret)
    {
        // A file that was written by an editor ends with a line end that is not the secret's.
        int length = secret.Span.TrimEnd("\r\n"u8).Length;
        if (length == 0 || secret.Span[..length].ContainsAny(Grammar.NotInValue))
        {
            return null;
        }

        byte[] before = Encoding.UTF8.GetBytes(login.Before), after = Encoding.UTF8.GetBytes(login.After);
        Credential? made = login.Surface switch
        {
            HttpSurface.Header => new Credential(login.Surface, Encoding.ASCII.GetBytes(login.Name), Secret.Create(
                before.Length + length + after.Length,
                (before, secret, length, after),
                static (line, made) =>
                {
                    made.before.CopyTo(line);
                    made.secret.Span[..made.length].CopyTo(line[made.before.Length..]);
                    made.after.CopyTo(line[(made.before.Length + made.length)..]);
                })),
            HttpSurface.BasicUser => OfBasic(login.Surface, default, secret.Span[..length], ":"u8),
            HttpSurface.BasicPassword => OfBasic(login.Surface, [.. before, (byte)':'], secret.Span[..length], default),
            HttpSurface.Query => new Credential(login.Surface, Encoding.ASCII.GetBytes(Uri.EscapeDataString(login.Name)), SecretForms.InQuery(secret.Span[..length])),
            HttpSurface.Cookie when CookieText.IsValue(secret.Span[..length]) =>
                new Credential(login.Surface, Encoding.ASCII.GetBytes(login.Name), Secret.CopyOf(secret.Span[..length])),
            HttpSurface.Body when Utf8.IsValid(secret.Span[..length]) => new Credential(login.Surface, [], Secret.CopyOf(secret.Span[..length])),
            _ => null,
        };
        return made is null ? null : new Credential(made._surface, made._name, made._written) { Forms = FormsOf(secret.Span[..length], made) };
    }

    /// <summary>The same with stars for the secret, all of Basic's pair included: for people who are to see what would be sent.</summary>
    public static Credential Hidden(HttpLoginConfig login) => new(
        login.Surface,
        Encoding.ASCII.GetBytes(login.Surface switch
        {
            HttpSurface.Header or HttpSurface.Cookie => login.Name,
            HttpSurface.Query => Uri.EscapeDataString(login.Name),
            HttpSurface.Body => "",
            _ => "Authorization",
        }),
        Secret.CopyOf("***"u8));

    /// <summary>Whether it says the same as another of its login.</summary>
    public bool IsSame(Credential other) => _written.FixedTimeEquals(other._written.Span);

    /// <summary>Writes the request target, with the parameter if it is one.</summary>
    /// <param name="output">To whom.</param>
    /// <param name="target">In origin-form, without the client's placeholder.</param>
    public void WriteTarget(IBufferWriter<byte> output, ReadOnlySpan<byte> target)
    {
        output.Write(target);
        if (_surface == HttpSurface.Query)
        {
            output.Write(target.Contains((byte)'?') ? "&"u8 : "?"u8);
            output.Write(_name);
            output.Write("="u8);
            output.Write(_written.Span);
        }
    }

    /// <summary>Writes a body with it in the placeholder's place.</summary>
    /// <param name="output">To whom.</param>
    /// <param name="body">As the client sent it.</param>
    /// <param name="field">Where that is.</param>
    public void WriteBody(SecretBuffer output, ReadOnlySpan<byte> body, BodyField field)
    {
        using Secret value = field.IsForm ? SecretForms.InQuery(_written.Span) : SecretForms.InJson(_written.Span);
        using var quoted = new SecretBuffer();
        quoted.Write(field.IsForm ? default : "\""u8);
        quoted.Write(value.Span);
        quoted.Write(field.IsForm ? default : "\""u8);
        field.Write(output, body, quoted.Span);
    }

    /// <summary>Writes a whole head signed, as a login wants it that has <see cref="HttpSurface.Signature"/>.</summary>
    /// <param name="output">To whom.</param>
    /// <param name="head">All of it, as it is without.</param>
    /// <param name="payload">What the signature says of the body.</param>
    /// <param name="now">When it is sent.</param>
    /// <returns>What of it nobody is to see in the answer.</returns>
    public Secret[] Sign(IBufferWriter<byte> output, ReadOnlySpan<byte> head, string payload, DateTimeOffset now)
    {
        if (_signer is null)
        {
            AwsSigner.WriteUnsigned(output, head);
            return [];
        }

        return _signer.Write(output, head, payload, now);
    }

    /// <summary>Writes the field line, if it is one.</summary>
    /// <param name="output">To whom.</param>
    /// <param name="head">The client's request, whose other cookies stand in the same field; null: none do.</param>
    /// <param name="slot">Where that has its placeholder.</param>
    public void WriteField(IBufferWriter<byte> output, RequestHead? head = null, in PlaceholderSlot slot = default)
    {
        if (_surface == HttpSurface.Cookie)
        {
            WriteCookies(output, head, slot);
        }
        else if (_surface is not (HttpSurface.Query or HttpSurface.ClientCertificate or HttpSurface.Signature or HttpSurface.Body))
        {
            output.Write(_name);
            output.Write(": "u8);
            output.Write(_written.Span);
            output.Write("\r\n"u8);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _written.Dispose();
        _signer?.Dispose();
        foreach (Secret form in Forms)
        {
            form.Dispose();
        }
    }

    // All of them in one field, since many servers read the first.
    private void WriteCookies(IBufferWriter<byte> output, RequestHead? head, in PlaceholderSlot slot)
    {
        output.Write("Cookie: "u8);
        ReadOnlySpan<FieldLine> fields = head is null ? default : head.Fields;
        for (int i = 0; i < fields.Length; i++)
        {
            if (fields[i].Name != Http1.FieldName.Cookie)
            {
                continue;
            }

            ReadOnlySpan<byte> value = head!.Value(fields[i]);
            if (slot.Kind == SlotKind.Cookie && i == slot.Field)
            {
                (int start, int length) = slot.Parameter.GetOffsetAndLength(value.Length);
                WriteCookie(output, value[..start]);
                value = value[(start + length)..];
            }

            WriteCookie(output, value);
        }

        output.Write(_name);
        output.Write("="u8);
        output.Write(_written.Span);
        output.Write("\r\n"u8);
    }

    private static void WriteCookie(IBufferWriter<byte> output, ReadOnlySpan<byte> pairs)
    {
        pairs = pairs.Trim("; \t"u8);
        output.Write(pairs);
        output.Write(pairs.IsEmpty ? default : "; "u8);
    }

    // Of Basic also what stands in the field, which whoever has it decodes.
    private static Secret[] FormsOf(ReadOnlySpan<byte> secret, Credential made)
    {
        List<Secret> forms = [.. SecretForms.Of(secret), .. SecretForms.InCode(secret)];
        if (made._surface is HttpSurface.BasicUser or HttpSurface.BasicPassword)
        {
            forms.Add(Secret.CopyOf(made._written.Span[SchemeLength..]));
        }

        return SecretForms.Kept(forms);
    }

    private static Credential OfBasic(HttpSurface surface, ReadOnlySpan<byte> before, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> after)
    {
        byte[] pair = new byte[before.Length + secret.Length + after.Length];
        before.CopyTo(pair);
        secret.CopyTo(pair.AsSpan(before.Length));
        after.CopyTo(pair.AsSpan(before.Length + secret.Length));
        Secret written = Secret.Create(SchemeLength + Base64.GetMaxEncodedToUtf8Length(pair.Length), pair, static (line, made) =>
        {
            "Basic "u8.CopyTo(line);
            Base64.EncodeToUtf8(made, line[SchemeLength..], out _, out _);
        });
        CryptographicOperations.ZeroMemory(pair);
        return new Credential(surface, "Authorization"u8.ToArray(), written);
    }
}
