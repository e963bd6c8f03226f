using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json.Nodes;
using WireGate.Configuration;

namespace WireGate.Commands;

/// <summary>
/// Tells what is wrong: a line each on standard error; to machines, which asked for JSON, one object on standard output, where they read
/// the answer, of the form that <c>check</c> gives its errors.
/// </summary>
internal static class Errors
{
    private const string JsonOption = "--json";

    /// <summary>Tells of one that is about no place in a file.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="message">One line; may quote what others chose.</param>
    public static void Tell(ParseResult parsed, string message) => Tell(parsed, parsed.InvocationConfiguration, message);

    /// <inheritdoc cref="Tell(ParseResult, string)"/>
    /// <param name="parsed">The command line, which need not make sense.</param>
    /// <param name="streams">Where to.</param>
    /// <param name="message">One line; may quote what others chose.</param>
    /// <param name="who">Who says it to people.</param>
    public static void Tell(ParseResult parsed, InvocationConfiguration streams, string message, string who = "wiregate")
    {
        if (AsksForJson(parsed))
        {
            Write(streams, new JsonArray(new JsonObject { ["message"] = message }));
        }
        else
        {
            streams.Error.WriteLine($"{who}: {Printable.Escape(message)}");
        }
    }

    /// <summary>Tells of all errors of a config or of fixtures.</summary>
    public static void Tell(ParseResult parsed, ImmutableArray<ConfigError> errors)
    {
        InvocationConfiguration streams = parsed.InvocationConfiguration;
        if (AsksForJson(parsed))
        {
            Write(streams, ToJson(errors));
            return;
        }

        foreach (ConfigError error in errors)
        {
            streams.Error.WriteLine(error);
        }
    }

    /// <summary>Errors, each with its place.</summary>
    public static JsonArray ToJson(ImmutableArray<ConfigError> errors) => new([.. errors.Select(e => new JsonObject
    {
        ["file"] = e.Position.File,
        ["line"] = e.Position.Line,
        ["column"] = e.Position.Column,
        ["path"] = e.Path,
        ["message"] = e.Message,
    })]);

    private static void Write(InvocationConfiguration streams, JsonArray errors) =>
        streams.Output.WriteLine(new JsonObject { ["ok"] = false, ["errors"] = errors }.ToJsonString());

    // Where the command is not understood, its options are not either: the word is among what is left over.
    private static bool AsksForJson(ParseResult parsed) =>
        parsed.UnmatchedTokens.Contains(JsonOption)
        || (parsed.CommandResult.Command.Options.FirstOrDefault(o => o.Name == JsonOption) is { } option
            && parsed.GetResult(option) is { Implicit: false } asked
            && asked.Tokens.All(t => !bool.TryParse(t.Value, out bool isOn) || isOn));
}
