package dev.ahjo.persistence.postgres.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Hands a {@link PostgresProcess} to whoever has a parameter of that type: the same one to all
 * tests of the JVM, so each takes a {@link PostgresProcess#freshSchema}, and whoever kills it
 * starts it again. Where there is no PostgreSQL the tests are left out, and say so.
 */
public final class PostgresExtension implements ParameterResolver, ExecutionCondition {
  private static final Namespace OURS = Namespace.create(PostgresExtension.class);

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    try {
      if (PostgresProgram.find().isPresent()) {
        return ConditionEvaluationResult.enabled("PostgreSQL is here");
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    if (context.getTestMethod().isEmpty()) {
      System.out.println(
          "NOT TESTED: "
              + context.getDisplayName()
              + ", for this machine has no PostgreSQL (Debian: the package postgresql)");
    }
    return ConditionEvaluationResult.disabled("There is no PostgreSQL here");
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType().equals(PostgresProcess.class);
  }

  @Override
  public PostgresProcess resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getRoot()
        .getStore(OURS)
        .getOrComputeIfAbsent(
            PostgresProcess.class,
            first -> {
              try {
                return PostgresProcess.start();
              } catch (IOException failed) {
                throw new UncheckedIOException(failed);
              }
            },
            PostgresProcess.class);
  }
}
