using System.CommandLine;

namespace WireGate.Commands;

/// <summary>Runs a command line: exit code 0 ok, 1 the answer is no, 2 usage.</summary>
internal static class CommandLine
{
    public const int Ok = 0;
    public const int No = 1;
    public const int Usage = 2;

    /// <summary>Parses and runs. A wrong command line is one line for each error, and nothing runs.</summary>
    public static async Task<int> RunAsync(
        Command root, IReadOnlyList<string> arguments, InvocationConfiguration configuration, CancellationToken cancellationToken = default)
    {
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Action is null or System.CommandLine.Invocation.ParseErrorAction)
        {
            foreach (string error in parsed.Errors.Select(e => e.Message).DefaultIfEmpty("name a command: see --help"))
            {
                await configuration.Error.WriteLineAsync($"wiregate: {error}");
            }

            return Usage;
        }

        return await parsed.InvokeAsync(configuration, cancellationToken);
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
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"wiregate: {Printable.Escape(e.Message)}");
            return No;
        }
    }
}
