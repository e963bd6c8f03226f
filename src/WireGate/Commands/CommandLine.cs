using System.CommandLine;
using System.CommandLine.Parsing;

namespace WireGate.Commands;

/// <summary>Runs a command line: exit code 0 ok, 1 the answer is no, 2 usage.</summary>
internal static class CommandLine
{
    public const int Ok = 0;
    public const int No = 1;
    public const int Usage = 2;

    /// <summary>Parses and runs. A wrong command line is one line that says what would be right, and nothing runs.</summary>
    public static async Task<int> RunAsync(
        Command root, IReadOnlyList<string> arguments, InvocationConfiguration configuration, CancellationToken cancellationToken = default)
    {
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Action is null or System.CommandLine.Invocation.ParseErrorAction)
        {
            Errors.Tell(parsed, configuration, Wrong(parsed));
            return Usage;
        }

        return await parsed.InvokeAsync(configuration, cancellationToken);
    }

    // What follows a command that is none is not understood either, and would only be said to be wrong as well.
    private static string Wrong(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string path = "";
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Parent: not null } named; at = at.Parent)
        {
            path = $"{named.Command.Name} {path}";
        }

        if (command.Action is null && command.Subcommands.Count > 0)
        {
            string known = string.Join(", ", command.Subcommands.Select(c => c.Name));
            string? token = parsed.UnmatchedTokens.FirstOrDefault(t => !t.StartsWith('-'));
            return token is not null ? $"{path}{token}: no such command, known: {known}" : $"{path}wants one of: {known}";
        }

        IEnumerable<string> errors = parsed.Errors.Select(e => e.Message.TrimEnd('.'));
        return $"{string.Join("; ", errors)} (see: wiregate {path}--help)";
    }

    /// <summary>Runs the body of a verb and turns its refusal into one line and an exit code.</summary>
    public static async Task<int> GuardAsync(ParseResult parsed, Func<Task> body)
    {
        try
        {
            await body();
            return Ok;
        }
        catch (CommandException e)
        {
            Errors.Tell(parsed, e.Message);
            return No;
        }
    }
}
