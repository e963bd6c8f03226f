using System.Buffers;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Transport;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;

namespace WireGate.Http.Operations;

/// <summary>What a client asks of a target: as rules see it, and as the upstream gets it.</summary>
/// <param name="Head">As the client sent it.</param>
/// <param name="Prefix">Bytes that its path has before that of the upstream.</param>
/// <param name="Slot">Where it has its placeholder.</param>
internal readonly record struct AskedRequest(RequestHead Head, int Prefix, PlaceholderSlot Slot)
{
    /// <summary>What it is to rules: as the upstream will get it.</summary>
    /// <param name="rules">Which fields they ask for.</param>
    /// <param name="login">Whose credential stands in the placeholder's place.</param>
    /// <param name="body">What of its body is known.</param>
    public HttpOperation Describe(SessionRules rules, HttpLoginConfig? login, HttpBody body)
    {
        RequestTarget target = Head.ReadTarget();
        Http1.Authority.TryRead(Head.Authority, out ReadOnlySpan<byte> host, out _);
        return new HttpOperation
        {
            Method = MethodOf(Head.Method),
            Host = Encoding.ASCII.GetString(host).ToLowerInvariant(),
            Path = new HttpPath(PathOf(target)),
            Query = HttpQuery.Parse(QueryOf(target)),
            Headers = rules.HttpHeaders.IsEmpty ? [] : [.. HeadersOf(rules, login)],
            Body = body,
        };
    }

    /// <summary>The upstream's path.</summary>
    public ReadOnlySpan<byte> PathOf(in RequestTarget target)
    {
        ReadOnlySpan<byte> path = target.Form == TargetForm.Asterisk ? "*"u8 : target.Path[Prefix..];
        return path.IsEmpty ? "/"u8 : path;
    }

    /// <summary>Writes its head for the upstream.</summary>
    /// <param name="output">To whom.</param>
    /// <param name="authority">The upstream's own.</param>
    /// <param name="credential">What stands in the placeholder's place.</param>
    /// <param name="added">Field lines of the gateway's own, each with its line end.</param>
    /// <param name="isMasked">What it is answered may be masked.</param>
    /// <param name="length">Of its body, where the gateway knows better; null: as the client said.</param>
    /// <param name="asksForJson">What an API server has in JSON and in what cannot be masked is asked for in JSON.</param>
    /// <param name="isLast">The upstream is told that no other follows on the connection.</param>
    public void WriteHead(
        IBufferWriter<byte> output, ReadOnlySpan<byte> authority, Credential credential, ReadOnlySpan<byte> added, bool isMasked, long? length, bool asksForJson = false, bool isLast = false)
    {
        RequestTarget asked = Head.ReadTarget();
        ReadOnlySpan<byte> path = PathOf(asked);
        ReadOnlySpan<byte> query = QueryOf(asked);
        bool hasQuery = Slot.Kind == SlotKind.Query ? !query.IsEmpty : asked.HasQuery;
        byte[] whole = LoopArrays.Rent<byte>(path.Length + 1 + query.Length);
        path.CopyTo(whole);
        int end = path.Length;
        if (hasQuery)
        {
            whole[end++] = (byte)'?';
            query.CopyTo(whole.AsSpan(end));
            end += query.Length;
        }

        HeadWriter.WriteRequest(output, Head, whole.AsSpan(0, end), authority, Slot, credential, added, isMasked, length, asksForJson, isLast);
        LoopArrays.Return(whole);
    }

    /// <summary>As the client of that upstream would name it: with a port if it is not the scheme's own.</summary>
    public static byte[] AuthorityOf(TargetConfig target)
    {
        Address address = target.Addresses[0];
        int usual = target.Tls.Mode == TlsMode.Disable ? 80 : 443;
        string host = address.Host is { } name ? name.Contains(':', StringComparison.Ordinal) ? $"[{name}]" : name : "localhost";
        return Encoding.ASCII.GetBytes(address.Port is { } port && port != usual ? $"{host}:{port}" : host);
    }

    /// <summary>A method's name, which usually is one of a few.</summary>
    public static string MethodOf(ReadOnlySpan<byte> method) => method switch
    {
        _ when method.SequenceEqual("GET"u8) => "GET",
        _ when method.SequenceEqual("POST"u8) => "POST",
        _ when method.SequenceEqual("HEAD"u8) => "HEAD",
        _ when method.SequenceEqual("PUT"u8) => "PUT",
        _ when method.SequenceEqual("DELETE"u8) => "DELETE",
        _ when method.SequenceEqual("PATCH"u8) => "PATCH",
        _ => Encoding.ASCII.GetString(method),
    };

    private ReadOnlySpan<byte> QueryOf(in RequestTarget target)
    {
        ReadOnlySpan<byte> query = target.Query;
        if (Slot.Kind != SlotKind.Query)
        {
            return query;
        }

        (int start, int length) = Slot.Parameter.GetOffsetAndLength(query.Length);
        ReadOnlySpan<byte> before = query[..start].TrimEnd((byte)'&'), behind = query[(start + length)..].TrimStart((byte)'&');
        return before.IsEmpty ? behind : behind.IsEmpty ? before : (byte[])[.. before, (byte)'&', .. behind];
    }

    private List<KeyValuePair<string, string>> HeadersOf(SessionRules rules, HttpLoginConfig? login)
    {
        List<KeyValuePair<string, string>> headers = [];
        ReadOnlySpan<FieldLine> fields = Head.Fields;
        for (int i = 0; i < fields.Length; i++)
        {
            // What proves who asks is nothing to judge by, nor is what the upstream does not get.
            FieldLine field = fields[i];
            if (i == Slot.Field || (field.Name != FieldName.ContentLength && !HeadWriter.GoesOn(Head, field, Encoding.ASCII.GetBytes(NameOf(login)))))
            {
                continue;
            }

            string name = Encoding.ASCII.GetString(Head.Name(field)).ToLowerInvariant();
            if (rules.AsksForHeader(name))
            {
                headers.Add(KeyValuePair.Create(name, Encoding.Latin1.GetString(Head.Value(field))));
            }
        }

        return headers;
    }

    // The field that the credential stands in.
    private static string NameOf(HttpLoginConfig? login) => login?.Surface switch
    {
        null or HttpSurface.Query or HttpSurface.ClientCertificate => "",
        HttpSurface.Header => login.Name,
        HttpSurface.Cookie => "Cookie",
        _ => "Authorization",
    };
}
