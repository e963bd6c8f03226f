using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using WireGate.Core.Audit;

namespace WireGate.Commands;

/// <summary><c>wiregate audit</c>: reads the audit log from its files; needs no daemon, and disturbs none.</summary>
internal static class AuditCommand
{
    private const int Ok = 0;
    private const int No = 1;
    private const int Usage = 2;

    private const string DefaultDirectory = "/var/lib/wiregate/audit";

    /// <param name="readDirectory">Reads <c>audit.to</c> of a config file.</param>
    public static Command Create(Func<string, string> readDirectory) =>
        new("audit", "Read and check the audit log.") { CreateVerify(readDirectory), CreateExport(readDirectory) };

    private static (Option<string?> Directory, Option<string?> Config) CreatePlace() =>
        (new("--dir") { Description = $"Directory of the audit log [default: {DefaultDirectory}]", HelpName = "DIR" },
         new("--config") { Description = "The config file that names the directory.", HelpName = "FILE" });

    private static Command CreateVerify(Func<string, string> readDirectory)
    {
        (Option<string?> directory, Option<string?> config) = CreatePlace();
        var json = new Option<bool>("--json") { Description = "One JSON object per chain and line." };
        var command = new Command("verify", "Check every record. Exit code 0: all is as it was written; 1: it is not; 2: it cannot be read.")
        {
            directory,
            config,
            json,
        };
        command.SetAction(parsed =>
            Run(parsed, directory, config, readDirectory, (path, output) => Verify(path, parsed.GetValue(json), output)));
        return command;
    }

    private static Command CreateExport(Func<string, string> readDirectory)
    {
        (Option<string?> directory, Option<string?> config) = CreatePlace();
        var command = new Command("export", "Print all records as lines of JSON, in the order of their times.") { directory, config };
        command.SetAction(parsed => Run(parsed, directory, config, readDirectory, Export));
        return command;
    }

    private static int Run(
        ParseResult parsed, Option<string?> directory, Option<string?> config, Func<string, string> readDirectory, Func<string, TextWriter, int?> action)
    {
        string path = DefaultDirectory;
        string problem;
        try
        {
            path = parsed.GetValue(directory) ?? (parsed.GetValue(config) is { } file ? readDirectory(file) : DefaultDirectory);
            if (action(path, parsed.InvocationConfiguration.Output) is { } exitCode)
            {
                return exitCode;
            }

            problem = $"{path}: no audit log is there; name its directory with --dir, or the config file with --config";
        }
        catch (DirectoryNotFoundException)
        {
            problem = $"{path}: is not there; name the directory with --dir, or the config file with --config";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = $"{path}: cannot be read: {exception.Message}";
        }
        catch (CommandException exception)
        {
            problem = exception.Message;
        }

        Errors.Tell(parsed, parsed.InvocationConfiguration, problem, "audit");
        return Usage;
    }

    private static int? Verify(string directory, bool asJson, TextWriter output)
    {
        IReadOnlyList<AuditChainReport> chains = AuditVerifier.Verify(directory);
        if (chains.Count == 0)
        {
            return null;
        }

        if (!asJson)
        {
            output.WriteLine($"{"chain",-10} {"records",10}  {"first",-24} {"last",-24} state");
        }

        foreach (AuditChainReport chain in chains)
        {
            output.WriteLine(asJson ? ToJson(chain) : ToText(chain));
        }

        return chains.All(chain => chain.Fault is null) ? Ok : No;
    }

    private static int? Export(string directory, TextWriter output)
    {
        bool isEmpty = true;
        foreach (AuditRecord record in AuditReader.Read(directory))
        {
            // The payload is an object and never an empty one, so the record's place goes in front of its members.
            output.Write(string.Create(CultureInfo.InvariantCulture, $"{{\"chain\":{record.Chain},\"sequence\":{record.Sequence},"));
            output.WriteLine(Encoding.UTF8.GetString(record.Payload.Span[1..]));
            isEmpty = false;
        }

        return isEmpty && AuditVerifier.Verify(directory).Count == 0 ? null : Ok;
    }

    private static string ToText(AuditChainReport chain)
    {
        string state = chain.Fault is { } fault ? fault.ToString() : "ok";
        return string.Create(
            CultureInfo.InvariantCulture, $"{chain.Name,-10} {chain.Records,10}  {Text(chain.First),-24} {Text(chain.Last),-24} {state}");
    }

    private static string ToJson(AuditChainReport chain)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("chain", chain.Name);
            json.WriteNumber("records", chain.Records);
            json.WriteString("first", chain.First is null ? null : Text(chain.First));
            json.WriteString("last", chain.Last is null ? null : Text(chain.Last));
            json.WriteBoolean("ok", chain.Fault is null);
            if (chain.Fault is { } fault)
            {
                json.WriteStartObject("fault");
                json.WriteString("class", fault.Class);
                json.WriteString("file", fault.File);
                json.WriteNumber("sequence", fault.Sequence);
                json.WriteString("detail", fault.Detail);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static string Text(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) ?? "-";
}
