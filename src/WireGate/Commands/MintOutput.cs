using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using WireGate.Admin.Api;

namespace WireGate.Commands;

/// <summary>How a new token is printed.</summary>
internal enum MintFormat
{
    Token,
    Dsn,
    Env,
    SshConfig,
    Curl,
    Kubeconfig,
    Json,
}

/// <summary>The daemon's answer to a mint. The token is only ever bytes and characters, which are cleared, never a string.</summary>
internal sealed partial class MintOutput : IDisposable
{
    private readonly char[] _token;

    private MintOutput(char[] token) => _token = token;

    public required string Id { get; init; }

    public required string Expires { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    public required IReadOnlyList<ConnectView> Connect { get; init; }

    /// <summary>Reads the answer and clears its bytes.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static MintOutput Read(byte[] answer)
    {
        char[] token = [];
        try
        {
            Utf8JsonReader reader = new(answer);
            string? id = null;
            string? expires = null;
            List<string> warnings = [];
            IReadOnlyList<ConnectView> connect = [];
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                reader.Read();
                switch (name)
                {
                    case "id":
                        id = reader.GetString();
                        break;
                    case "token":
                        token = GC.AllocateUninitializedArray<char>(reader.ValueSpan.Length, pinned: true);
                        Encoding.ASCII.GetChars(reader.ValueSpan, token);
                        break;
                    case "expires":
                        expires = reader.GetString();
                        break;
                    case "warnings":
                        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                        {
                            warnings.Add(reader.GetString()!);
                        }

                        break;
                    case "connect":
                        connect = JsonSerializer.Deserialize(ref reader, AdminJson.Default.IReadOnlyListConnectView)!;
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }

            return id is not null && expires is not null && token.Length > 0
                ? new MintOutput(token) { Id = id, Expires = expires, Warnings = warnings, Connect = connect }
                : throw new CommandException("the daemon's answer is not understood");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CommandException("the daemon's answer is not understood", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(answer);
        }
    }

    /// <summary>Prints the token in a form, alone and with a line end.</summary>
    public void Write(TextWriter output, MintFormat format)
    {
        switch (format)
        {
            case MintFormat.Json:
                // Neither an id nor a time in ISO 8601 holds anything that JSON escapes.
                Around(output, $"{{\"id\":\"{Id}\",\"token\":\"", $"\",\"expires\":\"{Expires}\"}}");
                break;
            case MintFormat.Dsn:
                WriteDsn(output, Place("dsn"));
                break;
            case MintFormat.Env:
                WriteEnvironment(output, Place("env"));
                break;
            case MintFormat.SshConfig:
                WriteSshConfig(output, Place("ssh-config"));
                break;
            case MintFormat.Kubeconfig:
                WriteKubeconfig(output);
                break;
            case MintFormat.Curl:
                WriteCurl(output, Place("curl"));
                break;
            default:
                Around(output, "", "");
                break;
        }
    }

    public void Dispose() => Array.Clear(_token);

    private ConnectView Place(string form)
    {
        if (Connect.Count != 1)
        {
            throw new CommandException($"no listener reaches the target, so there is nothing to connect to: wiregate placeholder revoke {Id}");
        }

        (string by, string[] forms) = Connect[0] switch
        {
            { IsKubernetes: true } => ("Kubernetes", ["kubeconfig", "curl"]),
            { Url: not null } => ("HTTP", ["curl"]),
            { Database: not null } => ("PostgreSQL", new[] { "dsn", "env" }),
            _ => ("SSH", ["ssh-config"]),
        };
        return forms.Contains(form)
            ? Connect[0]
            : throw new CommandException(
                $"the target {Connect[0].Target} is reached by {by}, write --as {string.Join(" or --as ", forms)}: wiregate placeholder revoke {Id}");
    }

    // Whoever runs it shows the token to all who see this machine's processes, as with any other credential in an argument.
    private void WriteCurl(TextWriter output, ConnectView place)
    {
        string way = place.Proxy is { } proxy ? $"-x {ShellQuote(proxy)} " : place.Host.StartsWith('/') ? $"--unix-socket {ShellQuote(place.Host)} " : "";
        Around(output, $"curl {way}-H 'Authorization: Bearer ", $"' {ShellQuote(place.Url!)}");
    }

    // ssh reads no password from a file: the last line is for whoever pastes it.
    private void WriteSshConfig(TextWriter output, ConnectView place)
    {
        output.WriteLine($"Host {place.Target}");
        output.WriteLine($"  HostName {place.Host}");
        output.WriteLine($"  Port {place.Port}");
        output.WriteLine($"  User {place.User}");
        output.WriteLine("  PreferredAuthentications password");
        Around(output, "# password: ", "");
    }

    // libpq takes a Unix socket's directory as the host parameter only.
    private void WriteDsn(TextWriter output, ConnectView place)
    {
        string user = Uri.EscapeDataString(place.User);
        string database = Uri.EscapeDataString(place.Database!);
        bool isUnix = place.Host.StartsWith('/');
        string host = place.Host.Contains(':', StringComparison.Ordinal) ? $"[{place.Host}]" : place.Host;
        string tail = isUnix
            ? $"@/{database}?host={Uri.EscapeDataString(place.Host)}&port={place.Port}"
            : $"@{host}:{place.Port}/{database}?sslmode={place.SslMode}";
        Around(output, $"postgresql://{user}:", tail);
    }

    private void WriteEnvironment(TextWriter output, ConnectView place)
    {
        output.WriteLine($"PGHOST={ShellQuote(place.Host)}");
        output.WriteLine($"PGPORT={place.Port}");
        output.WriteLine($"PGDATABASE={ShellQuote(place.Database!)}");
        output.WriteLine($"PGUSER={ShellQuote(place.User)}");
        Around(output, "PGPASSWORD=", "");
        output.WriteLine($"PGSSLMODE={place.SslMode}");
    }

    private void Around(TextWriter output, string before, string after)
    {
        output.Write(before);
        output.Write(_token.AsSpan());
        output.WriteLine(after);
    }

    // These lines are evaluated by shells: a subject is not trusted to be harmless there.
    private static string ShellQuote(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || "_@%+=:,./-".Contains(c, StringComparison.Ordinal))
            ? text
            : $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
