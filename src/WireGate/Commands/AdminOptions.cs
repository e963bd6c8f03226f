using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using WireGate.Core.Configuration;

namespace WireGate.Commands;

/// <summary>The options of every verb that speaks to the daemon, and its way there.</summary>
internal sealed class AdminOptions(Func<string, string> readConfig)
{
    private readonly Option<string?> _config = new("--config") { Description = "The config file that names the admin socket", HelpName = "FILE" };
    private readonly Option<string?> _socket = new("--socket") { Description = $"The admin socket [default: {AdminSocketPath.Default}]", HelpName = "PATH" };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON" };

    /// <summary>Gives a verb these options and what it does.</summary>
    public void Complete(Command command, Func<ParseResult, AdminClient, CancellationToken, Task> run)
    {
        command.Add(_config);
        command.Add(_socket);
        command.Add(_json);
        command.SetAction((parsed, cancellationToken) => CommandLine.GuardAsync(parsed, async () =>
        {
            using AdminClient client = new(AdminSocketPath.Resolve(parsed.GetValue(_socket), parsed.GetValue(_config), readConfig));
            await run(parsed, client, cancellationToken);
        }));
    }

    /// <summary>Whether the output is for machines.</summary>
    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Prints a value as JSON, or has it printed for people.</summary>
    public void Print<T>(ParseResult parsed, T value, JsonTypeInfo<T> type, Action<TextWriter, bool> forPeople)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (IsJson(parsed))
        {
            output.WriteLine(JsonSerializer.Serialize(value, type));
        }
        else
        {
            forPeople(output, ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected);
        }
    }

    /// <summary>An option that takes a duration.</summary>
    public static Option<string?> DurationOption(string name, string description)
    {
        Option<string?> option = new(name) { Description = description, HelpName = "DURATION" };
        option.Validators.Add(result =>
        {
            string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (!Duration.TryParse(text, out TimeSpan value) || value <= TimeSpan.Zero)
            {
                result.AddError($"{name} {text}: a duration such as 15m, 8h or 1h30m");
            }
        });
        return option;
    }

    /// <summary>An option that takes a moment; without an offset it is UTC.</summary>
    public static Option<DateTimeOffset?> TimeOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
            string[] forms = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd"];
            if (DateTimeOffset.TryParseExact(text, forms, CultureInfo.InvariantCulture, Utc, out DateTimeOffset time))
            {
                return time;
            }

            result.AddError($"{name} {text}: a time such as 2026-03-01T18:00Z");
            return null;
        },
    };

    /// <summary>An option whose feature is not built yet: refused by name, never ignored.</summary>
    public static Option NotBuilt(string name)
    {
        Option<string?> option = new(name) { Hidden = true, Arity = ArgumentArity.ZeroOrOne };
        option.Validators.Add(result => result.AddError($"{name}: this version cannot do that yet"));
        return option;
    }

    /// <summary>A moment as people read it.</summary>
    public static string? Show(DateTimeOffset? time) => time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
