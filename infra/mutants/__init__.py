"""Mutation testing: would the tests notice if the code that guards access and money were wrong?

Cosmic Ray makes the mutants, each a file with one changed condition, number or operator. This
package runs, for each, the tests of its area in a copy of the project. It does not use Cosmic Ray's
own runner, which neither samples nor runs two mutants at a time.
"""
